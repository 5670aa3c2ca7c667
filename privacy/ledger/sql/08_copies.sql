-- What left the portal as a file or on paper (register of prints and copies, law F-17): few entries among very many.
-- The condition is that of privacy/safeguards/models/copies.py; a test compares the two by the plan of the question.
CREATE INDEX entry_copies ON ledger.entry (time) WHERE kind IN ('act', 'read') AND (
    word LIKE '%.exported' OR word LIKE '%.printed'
    OR word IN ('disclosures.disclosure.provided', 'disclosures.file.fetched')
    OR task LIKE '%.printed' OR task = 'rights.letter.shown'
);
