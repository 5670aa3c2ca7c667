"""What each constraint of the databases says to a person, and the field that it is about.

Most constraints hold what a verb has checked before: they speak when two people were at it at once. Those of a kind say
the same. ``tests/house/test_constraints_speak.py`` asks that every constraint stands here.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NEEDS_ANOTHER_PERSON = _("Someone other than the person who started this must complete it.")
END_BEFORE_START = _("The end can't be before the beginning.")
ALREADY_RECORDED = _("This is already recorded. Check what is there before you enter it again.")
ANOTHER_STILL_OPEN = _("Another one is still open. Finish or withdraw that one first.")
REASON_MISSING = _("Enter the reason.")
STATE_CHANGED = _("It has since changed, and this step is no longer possible. Open it again to see its current state.")
INCOMPLETE = _("Something that this step needs is missing. Fill in every field, then try again.")
INTERNAL_CONTRADICTION = _(
    "This would make the portal's records contradict each other, so nothing was changed. Tell the portal's operator."
)

# Sentence → constraint → the field that it is about ("" where it is about several).
_FIELDS_BY_MESSAGE: dict[Promise, dict[str, str]] = {
    NEEDS_ANOTHER_PERSON: {
        "ledger_review_is_confirmed_by_another": "confirmer",
        "access_is_approved_by_another": "approved_by",
        "access_request_is_approved_by_another": "decided_by",
        "account_act_is_approved_by_another": "decided_by",
        "emergency_is_reviewed_by_another": "reviewed_by",
        "retention_hold_lifted_by_another_than_who_asked": "lifted_by",
        "consents_text_published_by_another_than_who_wrote_it": "published_by",
        "disclosures_approved_by_another_person": "approved_by",
        "incident_closed_by_another_person": "closed_by",
        "safeguards_permit_is_approved_by_another": "person",
        "safeguards_media_are_approved_by_another": "carried_by",
        "safeguards_inspection_is_reported_to_another": "reported_to",
        "safeguards_copies_ended_are_confirmed_by_another": "confirmed_by",
        "safeguards_finding_is_confirmed_by_another": "confirmed_by",
        "safeguards_plan_is_approved_by_another": "approved_by",
        "pledge_text_is_approved_by_another": "approved_by",
        "training_plan_is_approved_by_another": "approved_by",
        "rights_objection_reviewed_by_another_person": "reviewer",
        "rights_postponement_approved_by_another_officer": "approved_by",
        "rights_request_verifier_is_not_receiver": "verified_by",
        "rights_decider_is_not_verifier": "decided_by",
        "rights_given_or_destroyed_by_two_people": "started_by",
        "rights_automated_decision_is_answered_by_another": "started_by",
        "retention_order_approved_by_another": "approved_by",
        "retention_archive_opened_by_two_people": "approved_by",
        "retention_two_officers_over_the_ceiling": "seconded_by",
        "retention_paper_witnessed_by_another": "witness",
        "policies_value_is_approved_by_another": "approved_by",
        "devices_token_is_approved_by_another": "approved_by",
        "letter_is_confirmed_by_another_who_read_it": "confirmed_by",
    },
    END_BEFORE_START: {
        "ledger_review_ends_after_it_begins": "period_until",
        "access_ends_after_it_begins": "valid_until",
        "access_request_ends_after_it_begins": "valid_until",
        "officer_designation_ends_after_it_starts": "designated_until",
        "safeguards_permit_ends_after_it_begins": "valid_until",
        "safeguards_left_after_entering": "left_at",
        "safeguards_membership_ends_after_it_began": "until",
        "processors_consignment_ends_after_it_began": "ended_on",
        "processors_subprocessor_ends_after_it_began": "ended_on",
        "processors_transfer_ends_after_it_began": "ended_on",
        "devices_licence_ends_after_it_starts": "ends_on",
        "devices_token_expires": "expires_at",
        "retention_archived_until_after_recorded": "ends_on",
        "retention_paper_created_in_order": "created_until",
        "vault_lifted_after_frozen": "lifted_at",
        "rights_due_on_or_after_target": "due_on",
    },
    ANOTHER_STILL_OPEN: {
        "ledger_one_scrub_at_a_time": "",
        "officer_one_designation_is_open": "designated_until",
        "consignment_one_decision_is_open": "withdrawn_on",
        "retention_month_once_on_open_lists": "month",
        "retention_person_once_on_open_lists": "subject_id",
        "retention_one_open_doubt": "settled_by",
        "retention_finding_open_once": "about",
        "consents_one_text_in_force": "agreement",
        "consents_one_draft_at_once": "agreement",
        "safeguards_one_calendar_address_for_each_person": "user",
        "safeguards_one_plan_is_in_the_making": "state",
        "safeguards_one_head_of_the_organisation": "role",
        "safeguards_a_member_once": "person",
        "devices_one_challenge_open_for_a_case": "case",
        "rights_one_open_objection_for_each_right": "right",
    },
    ALREADY_RECORDED: {
        "view_has_one_name_in_its_list": "title",
        "ledger_finding_is_asked_once_at_a_time": "question",
        "campaigns_one_refusal_stands": "subject_id",
        "rights_passed_on_once_to_a_controller": "controller",
        "rights_one_measure_for_an_act": "right",
        "rights_terms_extended_one_by_one": "right",
        "disclosures_one_report_for_each_half_year": "record_class",
        "letter_is_recorded_once": "file_digest",
        "ledger_one_review_for_each_period": "period_from",
        "a_grant_once_in_a_review": "grant",
        "browser_is_known_once": "user",
        "parameter_once_on_a_day": "effective_on",
        "category_once_in_a_version": "code",
        "item_once_in_a_category": "code",
        "preservation_once_in_a_version": "code",
        "section_once_in_a_version": "code",
        "vault_frozen_once_for_a_case": "item",
        "subjects_contact_one_of_a_kind": "kind",
        "subjects_contact_one_preferred": "is_preferred",
        "retention_archived_once": "source",
        "retention_certificate_of_one_list": "certificate_number",
        "retention_one_certificate_of_a_kind": "kind",
        "retention_forecast_once_for_a_month": "month",
        "consents_one_agreement_for_each_channel": "channel",
        "consents_one_agreement_to_marketing": "kind",
        "consents_text_numbered_once": "number",
        "consents_decision_counted_once": "decided_at",
        "consents_one_code_for_each_decision": "decision",
        "consents_one_standing_for_each_agreement": "agreement",
        "consents_notice_once_for_its_day": "due_on",
        "consents_decisions_counted_once_for_a_day": "day",
        "disclosures_item_once_in_a_disclosure": "item",
        "disclosures_one_notice_for_each_recipient": "third_party",
        "disclosures_reading_once_for_each_document": "scan_digest",
        "campaign_once_about_an_occasion": "occasion",
        "campaigns_one_delivery_a_person": "subject_id",
        "incidents_a_person_once_in_an_incident": "subject_id",
        "incidents_reports_in_order": "sequence",
        "pledge_version_once": "version",
        "once_in_a_session": "user",
        "devices_licence_once_for_each_device": "key_index",
        "devices_idempotentresponse_once_for_a_key": "key",
        "devices_signed_request_is_taken_once": "nonce",
        "devices_batch_answered_once": "batch",
        "devices_error_settled_once": "settled_until",
        "devices_one_figure_for_a_day_and_cell": "cell",
        "rights_numbered_in_their_case": "position",
        "rights_asked_for_once_in_a_case": "kind",
        "rights_one_letter_of_each_kind": "kind",
        "rights_record_once_in_a_case": "subject_id",
        "rights_one_piece_for_each_place": "place",
    },
    REASON_MISSING: {
        "safeguards_applicability_has_reasons": "reasons",
        "ledger_finding_explained_with_words": "explanation",
        "ledger_question_answered_with_words": "answer",
        "review_returned_only_with_a_note": "note",
        "consignment_decision_says_why": "grounds",
        "retention_hold_says_who_and_why": "reason",
        "retention_hold_lifting_asked_by_someone_for_a_reason": "lift_reason",
        "retention_hold_lifted_by_someone_for_a_reason": "lift_reason",
        "retention_aborted_by_someone_for_a_reason": "abort_reason",
        "disclosures_refused_if_and_only_if_reasoned": "refusal_reason",
        "incident_delayed_for_a_reason": "delay_reason",
        "incident_proposed_with_a_conclusion": "conclusion",
        "rights_postponed_with_reason": "reason",
        "letter_is_refused_with_a_reason": "refused_for",
        "subjects_finding_has_grounds_and_evidence": "grounds",
        "subjects_contact_of_the_office_has_a_document": "document",
        "safeguards_evidence_says_what_was_seen": "detail",
        "safeguards_finding_corrected_says_what_was_done": "done",
    },
    STATE_CHANGED: {
        "ledger_only_an_answer_is_accepted": "",
        "ledger_review_is_signed_by_somebody": "signed_at",
        "access_request_is_granted_if_and_only_if_approved": "state",
        "account_act_is_about_an_account": "state",
        "account_act_names_the_factor_to_remove": "factor",
        "emergency_has_a_name_of_its_own": "reference",
        "emergency_tells_somebody": "told",
        "representative_link_is_about_one_thing": "",
        "representative_link_is_answered_with_a_time": "answer",
        "account_act_is_decided_by_someone": "state",
        "invitation_is_used_or_replaced": "used_at",
        "invitation_comes_before_the_second_factor": "factor_at",
        "access_review_is_signed_by_somebody": "state",
        "policy_published_if_and_only_if_sealed": "state",
        "consignment_withdrawn_if_and_only_if_by_somebody": "withdrawn_on",
        "retention_approved_before_it_is_carried_out": "state",
        "retention_certified_if_and_only_if_done": "state",
        "retention_register_confirmed_by_someone": "confirmed_at",
        "consents_superseded_text_has_its_time": "state",
        "consents_notice_sent_at_a_time": "state",
        "consents_destroyed_only_after_the_wait": "state",
        "consents_destruction_ended_if_and_only_if_dated": "state",
        "consents_stopped_if_and_only_if_signed": "state",
        "disclosures_provided_only_when_approved": "state",
        "disclosures_provided_leaves_its_proof": "state",
        "disclosures_notice_acknowledged_has_its_time": "state",
        "campaign_finished_if_and_only_if_dated": "state",
        "campaigns_told_if_and_only_if_proven": "state",
        "incidents_complaint_answered_names_who_and_when": "state",
        "incident_confirmed_if_and_only_if_dated_with_its_terms": "certainty",
        "incident_doubted_has_the_term_of_a_possible_breach": "certainty",
        "incident_ruled_out_if_and_only_if_dated": "certainty",
        "incident_intrusion_if_and_only_if_its_awareness_is_dated": "intrusion_aware_at",
        "safeguards_inspection_held_has_a_result": "state",
        "safeguards_plan_is_approved_if_and_only_if_sealed": "state",
        "safeguards_report_presented_by_somebody": "presented_on",
        "pledge_text_in_force_is_approved": "state",
        "devices_token_revoked_by_somebody": "revoked_at",
        "devices_challenge_answered_at_a_time": "state",
        "devices_import_runs_only_when_confirmed": "state",
        "rights_identity_verified_names_method_and_person": "identity_method",
        "rights_nothing_goes_on_before_identity": "state",
        "rights_joined_if_and_only_if_to_a_case": "state",
        "rights_decided_names_who_and_when": "decision",
        "rights_carried_out_only_when_granted": "decision",
        "rights_destroyed_after_the_wait": "waits_until",
        "rights_destruction_begins_after_the_wait": "waits_until",
        "rights_postponement_ended_has_due_date": "ended_on",
        "rights_objection_decided_names_its_reviewer": "outcome",
    },
    INCOMPLETE: {
        "incident_delay_ends_only_where_there_is_one": "delay_ended_at",
        "safeguards_copies_are_held_by_somebody": "holder",
        "safeguards_copies_ended_say_how": "method",
        "safeguards_report_read_is_proven": "read_on",
        "safeguards_report_of_a_breach_says_what_was_corrected": "corrected",
        "safeguards_report_of_resources_says_what_is_asked": "staff_asked",
        "safeguards_appointment_has_its_paper": "document",
        "safeguards_figures_say_where_they_come_from": "source",
        "safeguards_applicability_is_computed_from_numbers": "figures",
        "safeguards_filing_is_whole": "receipt",
        "campaigns_refusal_withdrawn_says_by_whom": "withdrawn_on",
        "rights_passed_on_says_to_whom_and_how": "how",
        "rights_controller_answer_is_whole": "answer",
        "rights_suspended_data_is_kept_for_a_reason": "reason",
        "rights_term_is_extended_for_a_reason": "reason",
        "disclosures_report_is_filed_after_its_half_year": "filed_on",
        "disclosures_report_is_of_what_is_reported": "record_class",
        "processors_end_says_by_whom_and_until_when_to_dispose": "ended_on",
        "processors_disposal_is_proven_after_the_end": "disposed_on",
        "processors_of_marketing_people_are_told": "told_on",
        "processors_check_has_its_checklist_and_training_its_people": "kind",
        "processors_supervision_has_evidence": "outcome",
        "processors_transfer_leaves_the_country": "country",
        "processors_transfer_for_a_contract_names_its_consignment": "consignment",
        "processors_transfer_to_a_sub_processor_names_who_engaged_it": "consignment",
        "published_text_says_something": "text",
        "published_text_names_its_source": "source",
        "consents_published_text_is_complete": "state",
        "safeguards_meeting_held_with_people_and_results": "decisions",
        "paper_pledge_names_its_registrar_and_scan": "paper_digest",
        "outside_training_has_its_certificate": "certificate_digest",
        "retention_archive_access_names_its_law": "law",
        "devices_device_has_an_identifier": "imei",
        "rights_partly_granted_names_the_parts": "excluded",
        "rights_correction_names_its_item": "item",
    },
    INTERNAL_CONTRADICTION: {
        "ledger_scrub_finished_if_and_only_if_judged": "code",
        "who_left_is_not_active": "is_active",
        "sign_in_ended_if_and_only_if_it_says_why": "ended_by",
        "notice_of_revision_names_its_version": "version",
        "vault_one_key_for_subject_and_category": "category",
        "vault_one_key_for_category_and_month": "month",
        "vault_epoch_starts_on_the_first": "month",
        "vault_subject_destroyed_once": "subject_id",
        "vault_epoch_destroyed_once": "month",
        "vault_tombstone_stands_for_a_subject_or_an_epoch": "subject_id",
        "vault_one_check_value_for_generation": "generation",
        "vault_one_cursor_for_a_table_and_turn": "table",
        "vault_one_current_generation": "kind",
        "vault_current_generation_is_not_emptied": "current",
        "vault_emptied_before_it_ends": "ending_at",
        "vault_end_begins_before_it_ends": "ended_at",
        "vault_frozen_item_has_a_category": "category",
        "vault_quarantined_if_and_only_if_malware_was_found": "state",
        "vault_judged_if_and_only_if_scanned": "state",
        "subjects_destroyed_if_and_only_if_dated": "state",
        "subjects_active_has_not_ended": "state",
        "subjects_contact_ended_is_not_preferred": "is_preferred",
        "subjects_contact_replaced_has_ended": "ended_at",
        "policies_value_is_approved_or_refused": "approved_at",
        "devices_token_approved_if_and_only_if_dated": "approved_at",
        "retention_month_if_and_only_if_by_month": "month",
        "retention_register_of_a_list_or_of_paper": "list",
        "consents_representative_if_and_only_if_confirmed": "confirmation",
        "consents_decided_in_a_language_of_the_text": "language",
        "incidents_told_one_by_one_or_on_the_website": "campaign",
        "safeguards_evidence_file_has_its_digest": "file_digest",
        "devices_device_is_its_own_subject": "subject_id",
        "devices_closed_figure_tells_no_devices_apart": "closed",
    },
    # -- those that say something of their own ------------------------------------------------------------------------
    _("Another version takes effect on this day. Choose another day."): {
        "policy_one_version_takes_effect_on_a_day": "effective_on"
    },
    _("Choose either a role, or a category together with a purpose."): {
        "access_is_to_a_role_or_to_a_category": "role",
        "access_request_is_for_a_role_or_a_category": "role",
    },
    _("A code has lower-case Latin letters, digits and underscores, and begins with a letter."): {
        "item_code_is_a_name": "code"
    },
    _("The waiting period before destruction can't be more than 96 hours."): {
        "retention_wait_fits_before_destruction": "wait_hours"
    },
    _("This purpose of the category has its legal basis already. Change that one."): {
        "one_legal_basis_for_a_category_and_purpose": "purpose"
    },
    _(
        "State the ground in Korean and English: the article of the law, the contract, or the interest and how it was "
        "weighed. Only consent needs none."
    ): {"legal_basis_other_than_consent_has_its_ground": "ground_ko"},
    _("Enter 0 to 11 months. Enter 12 months as one year."): {"retention_months_are_less_than_a_year": "months"},
    # The reasons of these bounds stand with them in privacy/policies/models/rulebook.py: the same words.
    _(
        "At most ten years: no law requires you to keep personal data longer, and records that a "
        "law requires you to preserve have their own preservation rule."
    ): {"retention_is_ten_years_at_most": "years"},
    _(
        "Enter a period. Data can be destroyed at once only when counted from the achievement of its purpose. "
        "Counted from any other event, an empty period would destroy data that is still in use."
    ): {"retention_of_nothing_only_after_the_purpose": "years"},
    _("Enter the number of months for which the law requires you to keep these records."): {
        "preservation_has_a_term": "months"
    },
    _("At most 360 months: no law requires a company to keep a record for longer."): {
        "preservation_is_thirty_years_at_most": "months"
    },
    _("Paper is shredded, incinerated or masked."): {"retention_paper_is_shredded_or_burnt": "method"},
    _("What was destroyed can't have been created after that day."): {
        "retention_paper_created_before_destroyed": "created_until"
    },
    _("Enter an amount above zero."): {"retention_paper_is_some": "amount"},
    _("Only an agreement on collection can be mandatory."): {"consents_only_collection_is_required": "required"},
    _("An agreement on advertising must name its channel; other agreements must not."): {
        "consents_channel_if_and_only_if_advertising": "channel"
    },
    _("An agreement on provision must name its recipient; other agreements must not."): {
        "consents_recipient_if_and_only_if_provision": "recipient"
    },
    _("Enter the address for the chosen notice channel."): {"disclosures_third_party_can_be_reached": "channel"},
    _("A disclosure required by law must name the statute and the document number."): {
        "disclosures_by_law_names_statute_and_document": "statute"
    },
    _(
        "A disclosure required by law needs its document before approval or, if urgent, the day "
        "by which the document will follow."
    ): {"disclosures_by_law_approved_with_its_document": "scan_id"},
    _("A disclosure based on consent must name the agreement."): {
        "disclosures_by_consent_names_its_agreement": "agreement"
    },
    _("A visitor must be accompanied. Enter who is being visited and who accompanies them."): {
        "safeguards_visitors_are_accompanied": "companion"
    },
    _("Media taken off site must be encrypted and have a return date."): {
        "safeguards_media_go_out_encrypted_and_come_back": "back_on"
    },
    _("State in at least 20 characters why this can't wait and why nobody else can approve."): {
        "emergency_has_a_written_reason": "reason"
    },
    _("The evidence interval must be at least 1 day."): {"safeguards_measure_has_a_cycle": "cycle_days"},
    _("A pass mark can't be more than 100 percent."): {"course_pass_mark_is_a_percentage": "pass_mark"},
    _("A representative must prove authority to act."): {"rights_representative_proves_authority": "authority"},
    _("A power of attorney must be dated and signed and say what it covers. Nothing else says so."): {
        "rights_mandate_covers_something_and_is_dated_and_signed": "mandate_covers"
    },
    _("There is no fee if the company caused the request."): {"rights_no_fee_when_the_cause_is_ours": "fee_won"},
    _("A refusal must state its ground. Other decisions must not."): {
        "rights_refused_if_and_only_if_grounded": "ground"
    },
    _("An access that leaves out other people's information can only be partly granted."): {
        "rights_redacted_is_no_whole_grant": "redactions"
    },
    _("This ground does not apply to this right."): {"rights_ground_is_one_of_its_kind": "ground"},
    _("If the ground is a law, enter the law and its article."): {"rights_ground_of_law_cites_the_law": "law"},
    _("Ask first whether the person wants to end the contract."): {
        "rights_ground_of_contract_asked_about_termination": "termination_asked"
    },
}

CONSTRAINT_MESSAGES: dict[str, tuple[Any, str]] = {
    constraint: (said, field)
    for said, constraints in _FIELDS_BY_MESSAGE.items()
    for constraint, field in constraints.items()
}
