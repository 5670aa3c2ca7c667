"""An S3-compatible object store (extra ``s3``: boto3): every version, delete marker and unfinished upload goes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from exafe_connector.adapters.adapter import Counts, Person, Unsupported, Values
from exafe_connector.adapters.places import filled, names_in

MOST_AT_ONCE = 1_000
FROZEN_TAG = "exafe-frozen"


class StillHeld(Exception):
    """The store didn't delete something, perhaps under a lock of its own."""


class ObjectStore:
    """A bucket. ``prefixes``: item → where its objects lie, such as ``devices/{reference}/logs/``.

    ``make_client`` returns a client of boto3; the read-back makes one of its own. Objects aren't corrected.
    """

    correctable: frozenset[str] = frozenset()
    can_freeze = True

    def __init__(self, make_client: Callable[[], Any], bucket: str, prefixes: Mapping[str, str]) -> None:
        for item, prefix in prefixes.items():
            # "devices/A7" would be the beginning of "devices/A71" as well.
            if not prefix.endswith("/") or not names_in(prefix):
                raise ValueError(f"{item}: a prefix has an identifier in it and ends with a slash.")
            # One item's objects would be frozen, released and destroyed with the other's.
            if within := [other for other, outer in prefixes.items() if other != item and prefix.startswith(outer)]:
                raise ValueError(f"{item}: its prefix lies within that of {within[0]}.")
        self.make_client = make_client
        self.client = make_client()
        self.bucket = bucket
        self.prefixes = dict(prefixes)
        self.items = frozenset(prefixes)

    def locate(self, person: Person, items: Collection[str]) -> Counts:
        """Count the versions and the unfinished uploads; a delete marker alone holds nothing."""
        return {
            item: sum(1 for found in self._found(self.client, prefix) if found[0] != "marker")
            for item, prefix in self._asked(person, items)
        }

    def freeze(self, person: Person, items: Collection[str], *, frozen: bool) -> None:
        """Tag every version, so that a policy of the bucket, or whoever reads, leaves it alone."""
        for _item, prefix in self._asked(person, items):
            for kind, key, version in self._found(self.client, prefix):
                if kind == "version":
                    self._tag(key, version, frozen=frozen)

    def correct(self, person: Person, values: Mapping[str, str]) -> None:
        """Objects aren't corrected. Raises Unsupported."""
        raise Unsupported("Objects aren't corrected.", "/values")

    def destroy(self, person: Person, items: Collection[str]) -> None:
        """Delete every version and delete marker, and abort unfinished uploads. Raises StillHeld."""
        for _item, prefix in self._asked(person, items):
            versions = []
            for kind, key, version in self._found(self.client, prefix):
                if kind == "upload":
                    self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=version)
                else:
                    versions.append({"Key": key, "VersionId": version})
            for start in range(0, len(versions), MOST_AT_ONCE):
                asked = {"Objects": versions[start : start + MOST_AT_ONCE], "Quiet": True}
                answer = self.client.delete_objects(Bucket=self.bucket, Delete=asked)
                if answer.get("Errors"):
                    raise StillHeld(answer["Errors"][0].get("Code", ""))

    def read_back(self, person: Person, items: Collection[str]) -> Values:
        """List anew by a client of its own; delete markers are found, too: their keys name what was there."""
        client = self.make_client()
        return {
            item: [f"{kind} {key} {version}" for kind, key, version in self._found(client, prefix)]
            for item, prefix in self._asked(person, items)
        }

    def _asked(self, person: Person, items: Collection[str]) -> Iterator[tuple[str, str]]:
        for item in items:
            template = self.prefixes[item]
            names = names_in(template)
            if missing := [name for name in names if name not in person]:
                raise Unsupported(f"Objects of {item} are found by {', '.join(missing)}.", "/person")
            given = {name: person[name] for name in names}
            if all(value is not None for value in given.values()):
                yield item, filled(template, {name: _safe(name, value or "") for name, value in given.items()})

    def _found(self, client: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
        """Yield each version, delete marker and unfinished upload below a prefix: what it is, its key, its id."""
        for page in client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from (("version", one["Key"], one["VersionId"]) for one in page.get("Versions", ()))
            yield from (("marker", one["Key"], one["VersionId"]) for one in page.get("DeleteMarkers", ()))
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix):
            yield from (("upload", one["Key"], one["UploadId"]) for one in page.get("Uploads", ()))

    def _tag(self, key: str, version: str, *, frozen: bool) -> None:
        where = {"Bucket": self.bucket, "Key": key, "VersionId": version}
        tags = [tag for tag in self.client.get_object_tagging(**where)["TagSet"] if tag["Key"] != FROZEN_TAG]
        if frozen:
            tags.append({"Key": FROZEN_TAG, "Value": "yes"})
        if tags:
            self.client.put_object_tagging(**where, Tagging={"TagSet": tags})
        else:
            self.client.delete_object_tagging(**where)


def _safe(name: str, value: str) -> str:
    if "/" in value:
        raise Unsupported(f"{name} has a slash in it, so it names no folder of one person.", "/person")
    return value
