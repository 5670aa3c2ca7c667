"""The copy of an access: while it is made, slice by slice, and as it waits for its person, piece by piece."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.letters import Letter
from privacy.rights.models.rights import Right

# A download that broke off can be tried again for so long; and so long a file stays for one over a slow line.
DOWNLOAD_RETRY_PERIOD = timedelta(hours=1)


class PackageQuerySet(models.QuerySet["Package"]):
    def over(self, *, at: datetime) -> "PackageQuerySet":
        """Packages whose file has no reason to be kept: fetched, or past their time, and no download is still at it."""
        fetched = Q(downloaded_at__lte=at - 2 * DOWNLOAD_RETRY_PERIOD)
        expired = Q(expires_at__lte=at - DOWNLOAD_RETRY_PERIOD) & ~_answer_is_unsent()
        return self.filter(removed_at=None).filter(fetched | expired)

    def of_decision_in_force(self) -> "PackageQuerySet":
        """Packages of the decision that holds: what an objection has opened again is not copied anew before it does."""
        return self.filter(event_id=F("right__event_id"))

    def waiting(self, *, at: datetime) -> "PackageQuerySet":
        """Packages that can be fetched and that nobody has, or whose person was told that there will be a new one."""
        again = Q(outdated_at__isnull=False, downloaded_at__gt=at - DOWNLOAD_RETRY_PERIOD)
        open_until = Q(expires_at__gt=at) | _answer_is_unsent()
        return self.filter(open_until, Q(downloaded_at=None) | again, removed_at=None)


def _answer_is_unsent() -> Q:
    """Whether no answer that tells the decision it was made for has gone out, and that decision still holds."""
    sent = Letter.objects.filter(kind__in=Letter.RESULTS, request=OuterRef("right__request"), sent_at__isnull=False)
    decision = Func(
        F("answers"), Cast(OuterRef("right_id"), TextField()), Value("decision"),
        function="jsonb_extract_path_text", output_field=TextField(),
    )  # fmt: skip
    # Of before it was kept, one tells all.
    telling = sent.alias(decision=decision).filter(Q(answers={}) | Q(decision=Cast(OuterRef("event_id"), TextField())))
    return Q(event_id=F("right__event_id")) & ~Q(Exists(telling))


class Package(models.Model):
    """The copy handed to a person whose access was granted; the file is sealed and its download ends (P1.2, R-03).

    ``read_at`` is the moment as of which it tells; ``fingerprint`` is a digest of what it tells of. Where the same
    question has another answer later, the copy is made again under the same event (``outdated_at`` until it is).
    """

    record_label = "rights.Package"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.ForeignKey(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="packages")
    event_id = models.UUIDField(_("event"), unique=True)
    making = models.UUIDField(_("copy job"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    fingerprint = models.CharField(_("digest of its content"), max_length=64, blank=True)
    file_id = models.UUIDField(_("sealed file"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256"), max_length=64)
    file_bytes = models.PositiveBigIntegerField(_("bytes"))
    pieces = models.PositiveIntegerField(_("sealed pieces"), default=1, db_default=1)
    passphrase_digest = models.CharField(_("digest of the second proof"), max_length=128, blank=True)
    code_issued_by = models.CharField(_("code issued by"), max_length=64, blank=True, default="", db_default="")
    built_at = models.DateTimeField(_("built"))
    expires_at = models.DateTimeField(_("download ends"))
    outdated_at = models.DateTimeField(_("found outdated"), null=True, blank=True)
    downloaded_at = models.DateTimeField(_("downloaded"), null=True, blank=True)
    removed_at = models.DateTimeField(_("file removed"), null=True, blank=True)
    contents: Any = models.JSONField(_("what is inside"), default=dict)

    objects = PackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("access package")
        verbose_name_plural = _("access packages")

    def __str__(self) -> str:
        return str(self.right_id)

    @property
    def is_of_decision_in_force(self) -> bool:
        """Whether the decision that it was made for still holds; an objection may have opened it again."""
        return self.event_id == self.right.event_id

    def can_be_downloaded(self, *, at: datetime) -> bool:
        """Whether the second proof opens it: until its end, and after a whole download for an hour, if that broke."""
        fetched = self.downloaded_at is not None and at >= self.downloaded_at + DOWNLOAD_RETRY_PERIOD
        return self.removed_at is None and not fetched and (at < self.expires_at or self.answer_is_unsent)

    @property
    def answer_is_unsent(self) -> bool:
        """Whether the answer that tells of it has not gone out: its end is counted from then."""
        return Package.objects.filter(_answer_is_unsent(), pk=self.pk).exists()


class PackageBuild(models.Model):
    """A package while it is made: how far its content was read. It is gone when the package is there.

    ``progress`` holds places, counts and checksums, nothing personal; what was read lies sealed in the pieces.
    """

    record_label = "rights.PackageBuild"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    right = models.OneToOneField(Right, verbose_name=_("right"), on_delete=models.CASCADE, related_name="making")
    event_id = models.UUIDField(_("event"))
    read_at = models.DateTimeField(_("read"))
    fingerprint = models.CharField(_("digest of its content"), max_length=64)
    slices = models.PositiveIntegerField(_("slices"), default=0)
    progress: Any = models.JSONField(_("progress"), default=dict)

    class Meta:
        verbose_name = _("access package being built")
        verbose_name_plural = _("access packages being built")

    def __str__(self) -> str:
        return str(self.right_id)


class PackagePieceQuerySet(models.QuerySet["PackagePiece"]):
    def of(self, package: Package) -> "PackagePieceQuerySet":
        """The pieces of a package, in their places."""
        return self.filter(making=package.making) if package.making is not None else self.none()


class PackagePiece(models.Model):
    """One sealed file of a package, in its place. What lies under the package's name and is no piece is left over."""

    record_label = "rights.PackagePiece"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    making = models.UUIDField(_("copy job"))
    place = models.CharField(_("place"), max_length=10)
    file_id = models.UUIDField(_("sealed file"))
    size = models.PositiveIntegerField(_("bytes"))
    entries: Any = models.JSONField(_("files that begin in it"), default=list)

    objects = PackagePieceQuerySet.as_manager()

    class Meta:
        verbose_name = _("piece of an access package")
        verbose_name_plural = _("pieces of access packages")
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["making", "place"], name="rights_one_piece_for_each_place"),
        ]

    def __str__(self) -> str:
        return self.place
