"""Which other hosts hold what the master key's turn needs, as their key services have said (decision 0251)."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from privacy.vault.keyservice import client, messages
from privacy.vault.models import KeyHolder
from privacy.vault.refusals import GenerationNotEverywhere

# A host that has said nothing for so long is away: it says so itself when it comes back without the right key.
ALIVE = timedelta(minutes=10)


def _alive(host: str) -> list[KeyHolder]:
    """Return the hosts that are alive beside the one that answers."""
    alive = KeyHolder.objects.filter(seen_at__gt=Now() - ALIVE)
    return list(alive.exclude(host=host).order_by("host"))


def refuse_to_prepare_twice(generation: int) -> None:
    """Raise GenerationNotEverywhere where another host has made the next generation and this one lacks it."""
    described: messages.Described = client.ask(messages.Describe())
    if generation in described.generations:
        return
    made = [holder for holder in _alive(described.host) if str(generation) in holder.generations]
    if made:
        _await(generation, made[0].generations[str(generation)], [described.host])
        raise GenerationNotEverywhere(
            _("%(hosts)s has made generation %(number)d of the master key. Bring its key file to this host.")
            % {"hosts": ", ".join(holder.host for holder in made), "number": generation}
        )


def refuse_unless_everywhere(generation: int) -> bytes:
    """Return a generation's check value if every host that is alive holds this same one.

    Raises GenerationNotEverywhere.
    """
    described: messages.Described = client.ask(messages.Describe())
    value = described.generations[generation]
    others = _alive(described.host)
    lacking = [holder.host for holder in others if holder.generations.get(str(generation)) != value.hex()]
    _await(generation, value.hex(), lacking)
    if lacking:
        raise GenerationNotEverywhere(
            _("Bring the key file with generation %(number)d of the master key to %(hosts)s; then the key is rotated.")
            % {"hosts": ", ".join(lacking), "number": generation}
        )
    return value


def hosts_with(generation: int) -> list[str]:
    """Return the other hosts that have said that they hold a generation, and nothing else since, however long ago.

    One that is away still has it on its disk.
    """
    described: messages.Described = client.ask(messages.Describe())
    holding = KeyHolder.objects.filter(generations__has_key=str(generation)).exclude(host=described.host)
    return list(holding.order_by("host").values_list("host", flat=True))


def _await(generation: int, value: str, hosts: list[str]) -> None:
    """Say on Today that a turn waits for these hosts, and for no other."""
    KeyHolder.objects.exclude(host__in=hosts).filter(awaited__isnull=False).update(awaited=None)
    KeyHolder.objects.filter(host__in=hosts).update(awaited=generation, awaited_value=value)
