"""Individual notices in the officer's console, split by noun."""

from privacy.campaigns.admin import campaigns, deliveries, kakao_templates, letter_batches

__all__ = ["campaigns", "deliveries", "kakao_templates", "letter_batches"]
