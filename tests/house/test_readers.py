"""What comes in is read by one reader of its kind: two that read it otherwise are a way past the checks of one."""

import re

import pytest

from devices.batch_parser import parse_batch, parse_strict_json
from devices.refusals import Malformed
from privacy.lib.crypto import canonical_json
from tests.house.test_inventory import PRODUCT
from tests.house.test_secure_code import SOURCES


@pytest.mark.asvs("1.5.1")
def test_workbooks_are_the_only_xml_that_is_read() -> None:
    """In the confined process, which refuses every declaration."""
    reads = re.compile(r"^\s*(?:from|import) (?:xml|lxml|defusedxml|html5lib|bs4|xmltodict)\b|load_workbook\(", re.M)
    assert reads.search("from xml.etree import ElementTree") and reads.search("    import lxml.etree")
    assert {path for path, text in SOURCES.items() if reads.search(text)} == {
        "privacy/lib/sandbox/spreadsheet_files.py"
    }


@pytest.mark.asvs("1.1.1")
def test_nothing_is_decoded_again_behind_its_reader() -> None:
    """Forms, addresses and JSON are decoded as they are read; what undoes another encoding is listed."""
    again = re.compile(r"\b(?:unquote(?:_plus|_to_bytes)?|unescape|decode_header)\(")
    assert again.search("html.unescape(x)") and again.search("urllib.parse.unquote_plus(x)")
    assert {path for path, text in PRODUCT.items() if again.search(text)} == {
        "config/list_views.py",  # a cell of ours, back from markup to the words of a table
        "privacy/lib/integrations/mail_parsing.py",  # a header, once, before anything is asked of it
        # Names and passwords in the operator's own addresses.
        "privacy/lib/integrations/solapi_provider.py",
        "privacy/lib/integrations/text_messages.py",
        "privacy/rights/inbox.py",
    }


@pytest.mark.asvs("1.5.3")
def test_bodies_are_read_by_the_readers_that_take_no_name_twice() -> None:
    strict = re.compile(r"parse_strict_json|parse_batch|canonical_json\.read\(")
    doors = {path for path, text in PRODUCT.items() if re.search(r"request\.body|read_body\(", text)}
    assert doors == {
        "devices/machine_api.py", "devices/request_body.py", "devices/views.py", "privacy/disclosures/views.py",
        "privacy/scim/views.py",
    }  # fmt: skip
    # What these two hand on is read there.
    behind = {
        "devices/views.py": "devices/batch_parser.py",
        "privacy/disclosures/views.py": "privacy/disclosures/answer_calls.py",
    }
    for path in doors - {"devices/request_body.py"}:
        source = PRODUCT[behind.get(path, path)]
        assert strict.search(source), path
        assert not re.search(r"json\.loads?\((?!.*object_pairs_hook)", source), path


@pytest.mark.asvs("1.5.3")
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_every_reader_of_json_takes_utf_8_alone(encoding: str) -> None:
    """Python's own would tell UTF-16 and UTF-32 by their first bytes, and read what others call damaged."""
    said = '{"품목": "값"}'
    assert canonical_json.read(said.encode()) == parse_strict_json(said.encode()) == {"품목": "값"}
    batch = '{"batch": "01890000-0000-7000-8000-000000000000", "reports": [{"body": "값"}]}'
    assert len(parse_batch(batch.encode()).refused) == 1
    for read, text, refusal in (
        (canonical_json.read, said, ValueError),
        (parse_strict_json, said, Malformed),
        (parse_batch, batch, Malformed),
    ):
        with pytest.raises(refusal):
            read(text.encode(encoding))


@pytest.mark.asvs("1.5.3")
def test_addresses_are_taken_apart_by_one_reader() -> None:
    """``urlsplit``; the guarded client connects to what it took apart, and hands no text on to be read again."""
    others = re.compile(r"\b(?:urlparse|parse_url|urllib3|yarl|furl|httpx)\b")
    assert others.search("urlparse(x)")
    assert not {path for path, text in PRODUCT.items() if others.search(text)}
