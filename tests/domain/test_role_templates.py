"""Every form of a role says the same, and the tools that will read it take it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from cfnlint import api as cfnlint
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.layout import yaml_lines
from accounts.domain.regions import DEFAULT_REGION
from accounts.domain.role_policies import ORGANIZATION, Purpose, organization_permissions, permissions, trust
from accounts.domain.role_templates import Format, WantedRole, render, stackset_commands

HUB = "arn:aws:iam::999900001111:role/rolecall-hub"
ROLE = WantedRole(Purpose.READER, "111122223333", "aws", "/security/", "MqSlrReader", HUB, "rolecall-0a1b")
# A stand-in for the AWS CLI: writes down what it was asked as a line of JSON, and knows the role when told of one.
AWS = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["ASKED"], "a") as asked:
    print(json.dumps(sys.argv[1:]), file=asked)
if "get-caller-identity" in sys.argv:
    print(os.environ["ACCOUNT"])
if "get-role" in sys.argv:
    sys.exit(254) if not os.environ["FOUND"] else print(os.environ["FOUND"])
"""


def wanted(purpose: str, partition: str = "aws") -> WantedRole:
    hub = HUB.replace("arn:aws:", f"arn:{partition}:")
    return replace(ROLE, purpose=purpose, partition=partition, principal_arn=hub, create_and_describe=True)


@pytest.mark.parametrize("form", [Format.CLOUDFORMATION, Format.STACKSET])
@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("purpose", [*Purpose, ORGANIZATION])
def test_cfn_lint_finds_nothing(purpose: str, partition: str, form: Format) -> None:
    text = render(wanted(purpose, partition), form).text

    assert cfnlint.lint(text, regions=[DEFAULT_REGION[partition]]) == []


def resource(form: Format) -> dict[str, Any]:
    template = yaml.safe_load(render(ROLE, form).text)
    return dict(template["Resources"]["ReaderRole"]["Properties"])


def test_the_template_makes_the_role_that_rolecall_was_told_of() -> None:
    made = resource(Format.CLOUDFORMATION)

    assert (made["Path"], made["RoleName"], made["MaxSessionDuration"]) == ("/security/", "MqSlrReader", 3600)
    assert made["AssumeRolePolicyDocument"] == trust(Purpose.READER, {"Ref": "HubArn"}, {"Ref": "ExternalId"})
    assert made["Policies"][0]["PolicyDocument"] == permissions(Purpose.READER, "aws")


def test_a_stacksets_external_ids_differ_from_account_to_account() -> None:
    statement = resource(Format.STACKSET)["AssumeRolePolicyDocument"]["Statement"][0]

    external_id = statement["Condition"]["StringEquals"]["sts:ExternalId"]
    assert external_id == {"Fn::Sub": "${ExternalIdPrefix}-${AWS::AccountId}"}
    assert "rolecall-reader-stackset.yaml" in stackset_commands(ROLE)


@pytest.mark.parametrize("purpose", Purpose)
def test_terraform_is_hcl_and_says_the_same(purpose: Purpose) -> None:
    text = render(wanted(purpose), Format.TERRAFORM).text

    module: dict[str, Any] = hcl2.loads(text)
    names = {name.strip('"') for variable in module["variable"] for name in variable}
    assert names == {"hub_arn", "external_id"}
    for action in (a for s in permissions(purpose, "aws", create_and_describe=True)["Statement"] for a in s["Action"]):
        assert f'"{action}"' in text


@pytest.mark.parametrize("form", [Format.CLOUDFORMATION, Format.TERRAFORM, Format.CLI])
def test_the_role_of_an_organization_lists_and_does_nothing_else(form: Format) -> None:
    text = render(wanted(ORGANIZATION), form).text

    for action in organization_permissions()["Statement"][0]["Action"]:
        assert action in text
    assert "mqslr-org-*" in text
    assert "iam:GetRole" not in text
    assert "ec2:" not in text


def run(tmp_path: Path, account: str = "111122223333", found: str = "") -> tuple[int, list[list[str]]]:
    script, asked = tmp_path / "make.sh", tmp_path / "asked"
    script.write_text(render(ROLE, Format.CLI).text)
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "ASKED": str(asked), "ACCOUNT": account, "FOUND": found}
    done = subprocess.run(["sh", str(script)], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in asked.read_text().splitlines()]


def test_the_script_makes_the_role_with_both_policies(tmp_path: Path) -> None:
    code, asked = run(tmp_path)

    create, put = asked[-2:]
    assert code == 0
    assert create[:2] == ["iam", "create-role"]
    assert json.loads(create[-1]) == trust(Purpose.READER, HUB, "rolecall-0a1b")
    assert json.loads(put[-1]) == permissions(Purpose.READER, "aws")


def test_the_script_brings_a_role_up_to_date(tmp_path: Path) -> None:
    code, asked = run(tmp_path, found=ROLE.arn)

    assert (code, [call[1] for call in asked[-2:]]) == (0, ["update-assume-role-policy", "put-role-policy"])


@pytest.mark.parametrize(("account", "found"), [("999988887777", ""), ("111122223333", "arn:aws:iam::1:role/else")])
def test_the_script_changes_nothing_in_another_account_or_beside_another_role(
    tmp_path: Path, account: str, found: str
) -> None:
    code, asked = run(tmp_path, account, found)

    assert code == 1
    assert {call[1] for call in asked} <= {"get-caller-identity", "get-role"}


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.lists(PRINTABLE | st.integers()))
def test_yaml_reads_back_what_was_written(values: list[object]) -> None:
    nested = {"plain": values, "nested": [{"one": value, "two": [value]} for value in values]}

    assert {name: found or [] for name, found in yaml.safe_load("\n".join(yaml_lines(nested))).items()} == nested
