"""Asks as somebody whatever the schema allows, and looks at every answer: no fault, and no error without a code.

    examples.py URL SCHEMA CODES EXAMPLES SEED

The bearer token is in TOKEN, and empty for a stranger; IDS are ids of things that there are. So many examples are shared by the fields of Query and Mutation. What
was answered is told as JSON: how often each code came, and whatever was wrong, with its document.
"""

import json
import os
import sys
from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes

url, schema_file, codes, examples, seeded = sys.argv[1:]
TOKEN = os.environ.get("TOKEN", "")
IDS = os.environ["IDS"].split(",")
CODES = set(codes.split(","))

# Half of what is sent is of the right form.
TEXTS = {
    "Money": st.one_of(st.decimals(-10, 10_000, places=4).map(str), st.text(max_size=12)),
    "Percent": st.one_of(st.decimals(0, 11, places=2).map(str), st.text(max_size=12)),
    "Decimal": st.one_of(st.decimals(-10, 10, places=8).map(str), st.text(max_size=12)),
    "Date": st.one_of(st.dates().map(str), st.text(max_size=12)),
    "DateTime": st.one_of(st.datetimes().map(lambda it: it.isoformat() + "Z"), st.text(max_size=12)),
    "PhoneNumber": st.one_of(st.from_regex(r"\\+[1-9][0-9]{6,13}", fullmatch=True), st.text(max_size=12)),
    # Things that there are, of every kind.
    "ID": st.one_of(st.sampled_from(IDS), st.text(max_size=12)),
}
for name, strategy in TEXTS.items():
    schemathesis.graphql.scalar(name, strategy.map(nodes.String))

# What ends the session comes last.
LAST = ["changePassword", "signOut"]

faults: list = []
told: Counter = Counter()


def look(document, response):
    """Whether an answer is one that a program can go on with."""
    problem = None
    try:
        body = response.json()
        errors = body.get("errors", [])
        for error in errors:
            code = error.get("extensions", {}).get("code")
            told[code] += 1
            if code not in CODES or code == "INTERNAL_SERVER_ERROR":
                problem = f"the code {code}"
        if not errors:
            told["data"] += 1
        if not errors and body.get("data") is None:
            problem = "neither data nor errors"
    except ValueError:
        problem = "no JSON"
    if response.status_code >= 500 and response.status_code != 503:
        problem = f"status {response.status_code}"
    if problem and len(faults) < 20:
        faults.append({"problem": problem, "document": document, "answer": response.text[:2_000]})


def main():
    schema = schemathesis.graphql.from_file(open(schema_file, encoding="utf-8"))
    schema.config.update(base_url=url)
    fields = [found.ok() for found in schema.get_all_operations()]
    fields.sort(key=lambda field: (LAST.index(field.definition.field_name) if field.definition.field_name in LAST else -1))
    each = -(-int(examples) // len(fields))
    headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
    asked = 0
    for field in fields:

        @seed(int(seeded))
        @settings(
            max_examples=each,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=field.as_strategy())
        def ask(case):
            nonlocal asked
            asked += 1
            response = case.call(base_url=url, headers=headers)
            look(case.body if isinstance(case.body, str) else json.dumps(case.body), response)

        ask()
    print(json.dumps({"asked": asked, "fields": len(fields), "told": dict(told), "faults": faults}))


main()
