"""What the directory is told of users is what it is answered, and what it may change (RFC 7643, 7)."""

from typing import Any

from tests.privacy.scim.test_scim import BARBARA, PATCH, USER, ScimCase

OF_TYPE: dict[str, type] = {"string": str, "boolean": bool, "complex": dict}


class DescriptionTests(ScimCase):
    def test_the_description_is_of_what_is_answered_and_of_what_can_be_changed(self) -> None:
        made = self.ok("POST", "Users", BARBARA, status=201)
        (described,) = self.ok("GET", "Schemas")["Resources"]
        attributes = {one["name"]: one for one in described["attributes"]}
        common = {"schemas", "id", "meta"}  # of every resource (RFC 7643, 3.1)
        assert set(made) - common == set(attributes)
        for name, attribute in attributes.items():
            several = made[name] if attribute["multiValued"] else [made[name]]
            inner = {one["name"]: one for one in attribute.get("subAttributes", ())}
            for value in several:
                assert isinstance(value, OF_TYPE[attribute["type"]]), name
                for part, held in value.items() if inner else ():
                    assert isinstance(held, OF_TYPE[inner[part]["type"]]), f"{name}.{part}"
        other: dict[str, Any] = {
            "userName": "other@extrus.example", "externalId": "other", "displayName": "Other", "active": False,
            "name": {"formatted": "Other"}, "emails": [{"value": "other@extrus.example", "type": "work"}],
        }  # fmt: skip
        for name, value in other.items():
            body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": name, "value": value}]}
            answer = self.call("PATCH", f"Users/{made['id']}", body)
            now = self.ok("GET", f"Users/{made['id']}")
            if attributes[name]["mutability"] == "readWrite":
                assert (answer.status_code, now[name]) == (200, value), name
            else:
                assert now[name] == made[name], name
        required = [name for name, one in attributes.items() if one["required"]]
        assert required == ["userName"]
        assert self.refused("POST", "Users", {"schemas": [USER], "displayName": "Nobody"})[0] == 400
