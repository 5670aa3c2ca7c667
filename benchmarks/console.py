"""The console at a fleet's size, through the web server, as a signed-in officer sees it; beside Django's stock admin.

``device_list``, ``device_search``, ``device_page`` and ``statistics``: p95 of a page, at most 300 ms, over the p95 of
the stock admin's page of the same rows in the same run. ``dashboard``: at most 200 ms and twelve queries.
``slowest_list``: the slowest of all registers' lists; ``slowest_filter``: of those lists with each of their filters,
and of the audit trail by what people type. The portal of that size is loaded first and kept between
runs (``dataset_cache.py``).
"""

import argparse
import html
import http.client
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import fleet
import load_devices
from dataset_cache import Size, cached_dataset
from harness import ROOT, Figure, limit_figure, p95, print_figures
from web_server import running_web_server

PAGE_MS, DASHBOARD_MS, DASHBOARD_QUERIES = 300, 200, 12
FILTER = re.compile(r'href="(\?[^"]*(?:__|kind=|state=|again=)[^"]*)"')
AFTER = re.compile(r'href="\?([^"]*after=[^"]*)"')


def main() -> None:
    """Load what is missing, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small fleet, under a minute")
    parser.add_argument("--devices", type=int, default=Size.devices)
    parser.add_argument("--reports", type=int, default=None, help="in all; default: twenty of each device")
    parser.add_argument("--entries", type=int, default=None, help="of the audit trail; default: five for each device")
    parser.add_argument("--pages", type=int, default=100, help="pages of each kind")
    parser.add_argument("--stock-pages", type=int, default=15, help="of the stock admin, which takes seconds for some")
    parser.add_argument("--filter-pages", type=int, default=4, help="pages of each list with each filter")
    parser.add_argument("--load-only", action="store_true", help="load, and measure nothing")
    options = parser.parse_args()
    if options.quick:
        options.devices, options.pages, options.stock_pages = 4_000, 40, 10
    size = Size(
        options.devices,
        options.devices * 20 if options.reports is None else options.reports,
        options.devices * 5 if options.entries is None else options.entries,
    )
    with cached_dataset(size) as home:
        if not options.load_only:
            print_figures(f"The console with {size}", Bench(options, home).run())


class Bench:
    """An officer who turns pages."""

    def __init__(self, options: argparse.Namespace, home: Any) -> None:
        from devices.models import Device

        self.options = options
        self.home = home
        self.cookie = signed_in(officer())
        ids = sorted(fleet.device_ids(options.devices))
        self.numbers = random.Random(5).sample(range(len(ids)), min(len(ids), 300))
        rows = Device.objects.filter(id__in=[ids[number] for number in self.numbers])
        references = dict(rows.values_list("id", "reference"))
        self.devices = [(number, ids[number], references[ids[number]]) for number in self.numbers]

    def run(self) -> list[Figure]:
        """Measure ours and the stock admin's, and return the figures."""
        pages = self.options.pages
        with self.visiting("config.wsgi:application") as get:
            ours = {
                "device_list": timed(get, self.lists(get, pages)),
                "device_search": timed(get, self.searches(pages)),
                "device_page": timed(get, (f"/office/devices/device/{one[1]}/change/" for one in self.chosen(pages))),
                "statistics": timed(
                    get, (f"/office/devices/dailyreportcount/?days={30 + 60 * (n % 2)}" for n in range(pages))
                ),
            }
            dashboard = timed(get, ("/office/" for _page in range(pages)))
            slowest = self.slowest(get)
        with self.visiting("stock_admin_reference:application") as get:
            few = self.options.stock_pages
            stock = {
                "device_list": timed(get, (f"/office/devices/device/?p={1 + n % 3}" for n in range(few))),
                "device_search": timed(get, (f"/office/devices/device/?q={one[2]}" for one in self.chosen(few))),
                "device_page": timed(get, (f"/office/devices/device/{one[1]}/change/" for one in self.chosen(few))),
                "statistics": timed(get, (f"/office/statistics/?days={30 + 60 * (n % 2)}" for n in range(few))),
            }
        whats = {
            "device_list": "the first pages and deep ones, by key; stock: the first three",
            "device_search": "a whole IMEI, serial number or reference; stock: the reference",
            "device_page": "a device with licences and consents, the access record committed first",
            "statistics": "30 and 90 days with charts; stock: counting the reports of the period",
        }
        figures = [
            Figure(
                f"{name}_p95_ms", p95(ours[name]), p95(stock[name]), "ms", p95(ours[name]) / p95(stock[name]),
                f"{what}; ours at most {PAGE_MS} ms",
            )
            for name, what in whats.items()
        ]  # fmt: skip
        return [
            *figures,
            limit_figure("dashboard_p95_ms", p95(dashboard), DASHBOARD_MS, "ms", "the first page"),
            limit_figure(
                "dashboard_queries", self.queries("/office/"), DASHBOARD_QUERIES, "queries", "session included"
            ),
            *slowest,
        ]

    @contextmanager
    def visiting(self, application: str) -> Iterator[Callable[[str], str]]:
        """Serve an application and give what fetches a page of it, in the officer's session."""
        folder = ROOT if application.startswith("config") else ROOT / "benchmarks"
        with running_web_server(application, folder, self.home, workers=2, threads=2) as server:
            wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

            def get(address: str) -> str:
                wire.request("GET", address, headers={"Cookie": self.cookie, "Accept-Language": "en"})
                answer = wire.getresponse()
                text = answer.read().decode()
                if answer.status != 200:
                    raise SystemExit(f"{address} answered {answer.status}: {text[:300]}")
                return text

            for _worker in range(6):
                get("/office/")
            yield get

    def chosen(self, count: int) -> Iterator[tuple[int, Any, str]]:
        """Yield devices of the fleet, other ones each time."""
        for place in range(count):
            yield self.devices[place % len(self.devices)]

    def lists(self, get: Callable[[str], str], count: int) -> Iterator[str]:
        """Yield the addresses of list pages: one after another from the newest, then from anywhere in the fleet."""
        address = "/office/devices/device/"
        yield address
        for _page in range(count // 2):
            following = AFTER.search(get(address))
            if following is None:
                break
            address = f"/office/devices/device/?{following.group(1).replace('&amp;', '&')}"
            yield address
        from django.utils.http import urlencode

        from devices.models import Device

        for _number, device, _reference in self.chosen(count // 2):
            row = Device.objects.get(pk=device)
            after = json.dumps([str(row.registered_at), str(row.id)])
            yield f"/office/devices/device/?{urlencode({'after': after})}"

    def searches(self, count: int) -> Iterator[str]:
        """Yield searches as people make them."""
        for place, (number, _device, reference) in enumerate(self.chosen(count)):
            held = load_devices.items(number)
            yield f"/office/devices/device/?q={(held['imei'], held['serial_number'], reference)[place % 3]}"

    def slowest(self, get: Callable[[str], str]) -> list[Figure]:
        """Open the list of every register that the officer sees, then with each filter, and tell of the slowest."""
        addresses = sorted(set(re.findall(r'href="(/office/[a-z_]+/[a-z]+/)"', get("/office/"))))
        filtered = {address + choice for address in addresses for choice in FILTER.findall(get(address))}
        filtered |= {f"/office/ledger/entry/?{query}" for query in self.typed()}
        return [
            self._slowest_of("list", get, addresses, 8),
            self._slowest_of("filter", get, sorted(filtered), self.options.filter_pages),
        ]

    def _slowest_of(self, what: str, get: Callable[[str], str], addresses: Sequence[str], pages: int) -> Figure:
        found = {address: p95(timed(get, (html.unescape(address) for _page in range(pages)))) for address in addresses}
        slow = sorted(((took, address.removeprefix("/office/")) for address, took in found.items()), reverse=True)
        print(f"slowest by {what}: " + ", ".join(f"{address} {took:.0f} ms" for took, address in slow[:40]))
        told = f"{slow[0][1]}, of {len(slow)}"
        return limit_figure(f"slowest_{what}_p95_ms", slow[0][0], PAGE_MS, "ms", told)

    def typed(self) -> list[str]:
        """Return what people look for in the audit trail: some of it is there, some is not."""
        from django.utils.http import urlencode

        from privacy.lib.dates import clock

        (_number, device, reference), nobody = self.devices[0], "00000000-0000-4000-8000-000000000000"
        day = clock.today()
        return [
            urlencode(query)
            for query in (
                {"subject": reference}, {"subject": device}, {"subject": nobody},
                {"record": f"devices.device:{device}"},
                {"account": "system:benchmark-7"}, {"account": nobody}, {"task": "devices.device.listed"},
                {"task": "devices.device.unmasked"}, {"task": "rights.request.refused", "since": day},
                {"since": day}, {"until": day}, {"account": "system:benchmark-7", "task": "devices.device.unmasked"},
                {"kind": "denied", "since": day}, {"kind": "read", "subject": device},
            )
        ]  # fmt: skip

    def queries(self, address: str) -> int:
        """Count the statements of one page, on every connection, in this process."""
        from django.db import connections
        from django.test import Client, override_settings
        from django.test.utils import CaptureQueriesContext

        client = Client(headers={"cookie": self.cookie})
        with override_settings(ALLOWED_HOSTS=["*"]):
            client.get(address)
            captured = [CaptureQueriesContext(connections[alias]) for alias in connections]
            for one in captured:
                one.__enter__()
            answer = client.get(address)
            for one in captured:
                one.__exit__(None, None, None)
        assert answer.status_code == 200, answer.status_code
        return sum(len(one) for one in captured)


def officer() -> Any:
    """Return the officer who looks."""
    from privacy.accounts import actions as accounts
    from privacy.accounts.models import User
    from privacy.ledger.actors import SystemActor

    email = "officer@benchmark.example"
    held = User.objects.filter(email=email).first()
    return held or accounts.create_user(
        email=email, name="officer", roles=["officer"], password="a long one " * 3, actor=SystemActor("benchmark"),
        at=fleet.NOW,
    )  # fmt: skip


def signed_in(user: Any) -> str:
    """Make a session for an account, as signing in does, and return its cookie."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    # The second factor that everybody in the console must have shown.
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.LANGUAGE_COOKIE_NAME}=en"


def timed(get: Callable[[str], str], addresses: Iterator[str]) -> list[float]:
    """Fetch pages and return how many milliseconds each took."""
    taken = []
    for address in addresses:
        started = time.perf_counter()
        get(address)
        taken.append((time.perf_counter() - started) * 1_000)
    return taken


if __name__ == "__main__":
    main()
