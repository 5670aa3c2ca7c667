"""The log for everybody, by hash alone (C2SP tlog-tiles): its newest checkpoint, its tiles, the notary's public keys.

Entries are not public: they name references. Whoever keeps a checkpoint of his own, or has a proof, can check here that
the log only grew.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from privacy.ledger.checkpoints import external_checkpoints, newest_checkpoint
from privacy.ledger.checkpoints.newest_checkpoint import SignedCheckpoint
from privacy.ledger.exports import document_issuance
from privacy.ledger.exports.log_bundles import PROGRAMS
from privacy.ledger.merkle import log_reader
from privacy.ledger.merkle.tree import TILE_HEIGHT
from privacy.ledger.verify import TILE, tile_path
from privacy.ledger.witness import asking

TILE_ADDRESS = re.compile(r"([0-7])/((?:x\d{3}/){0,5}\d{3})(?:\.p/([1-9]\d{0,2}))?")
# A tile never changes; one that isn't full yet has its width in its address.
FOR_EVER = {"public": True, "immutable": True, "max_age": 31_536_000}


@login_not_required
@require_safe
@cache_control(no_cache=True)
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint (C2SP tlog-checkpoint)."""
    newest = _newest()
    if newest is None:
        raise Http404
    return _text(newest.note)


@login_not_required
@require_safe
@cache_control(**FOR_EVER)
def tile(request: HttpRequest, address: str) -> HttpResponse:
    """The hashes of a tile, also of one as it was while it was not full; nothing that isn't signed yet."""
    level, number, width = _read_address(address)
    first = number * TILE
    newest = _newest()
    if newest is None or first + width > newest.checkpoint.size >> TILE_HEIGHT * level:
        raise Http404
    hashes = log_reader.hashes(connection.connection, TILE_HEIGHT * level, first, width)
    if len(hashes) != width:  # somebody removed some: the scrub says which
        raise Http404
    return HttpResponse(b"".join(hashes), content_type="application/octet-stream")


@login_not_required
@require_safe
@cache_control(no_cache=True)
def verifier_keys(request: HttpRequest) -> HttpResponse:
    """The notary's verifier keys as the portal has them; whoever wants to distrust the portal gets them elsewhere."""
    return _lines(external_checkpoints.pinned_keys())


@login_not_required
@require_safe
@cache_control(no_cache=True)
def paper_keys(request: HttpRequest) -> HttpResponse:
    """The verifier keys of papers, the present one and former ones."""
    return _lines(document_issuance.paper_keys())


@login_not_required
@require_safe
@cache_control(no_cache=True)
def program(request: HttpRequest, name: str) -> HttpResponse:
    """One of the offline programs, as every bundle has it."""
    if f"{name}.py" not in PROGRAMS:
        raise Http404
    return _text(Path(__file__).with_name(f"{name}.py").read_bytes())


@login_not_required
@require_safe
@cache_control(no_cache=True)
def witness_policy(request: HttpRequest) -> HttpResponse:
    """Which witnesses must have cosigned a checkpoint (C2SP tlog-policy)."""
    try:
        policy = asking.policy_text()
    except OSError:
        raise Http404 from None
    return _text(policy)


def _text(content: str | bytes) -> HttpResponse:
    return HttpResponse(content, content_type="text/plain; charset=utf-8")


def _lines(lines: Iterable[str]) -> HttpResponse:
    return _text("".join(f"{line}\n" for line in lines))


def _newest() -> SignedCheckpoint | None:
    """Return the newest checkpoint that the notary signed; one that somebody invented is passed over."""
    connection.ensure_connection()
    return newest_checkpoint.newest(lambda query, values: connection.connection.execute(query, values).fetchall())


def _read_address(address: str) -> tuple[int, int, int]:
    """Return level, number and width of a tile's address. Raises Http404 for one that isn't written as it must be."""
    found = TILE_ADDRESS.fullmatch(address)
    if found is None:
        raise Http404
    level, number = int(found[1]), int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3] or TILE)
    if width > TILE or tile_path(found[1], number, width) != f"tile/{address}":
        raise Http404
    return level, number, width
