from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.web.fakes import stage

from opsguide.web.api import ENDPOINTS
from opsguide.web.openapi import document

DOCUMENT = document(ENDPOINTS)
GETS = [
    ("/api/claims", "/api/claims"),
    ("/api/claims", "/api/claims?spec=1"),
    ("/api/claims/{id}", "/api/claims/alert-shop-slow"),
    ("/api/evidence", "/api/evidence"),
    ("/api/flips", "/api/flips"),
    ("/api/incidents", "/api/incidents"),
    ("/api/notices", "/api/notices"),
    ("/api/findings", "/api/findings"),
    ("/api/guide", "/api/guide"),
]


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": DOCUMENT["components"]})


def answer_schema(path: str, method: str = "get") -> dict[str, Any]:
    said: dict[str, Any] = DOCUMENT["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return said


def test_every_endpoint_of_the_api_is_described_once() -> None:
    described = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert len(described) == len(ENDPOINTS)
    ids = [method["operationId"] for methods in DOCUMENT["paths"].values() for method in methods.values()]
    assert len(set(ids)) == len(ids)


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("path", "asked"), GETS)
def test_answers_fit_their_description(path: str, asked: str) -> None:
    async def scene() -> Any:
        return (await (await stage()).call.get(asked)).json()

    validator(answer_schema(path)).validate(asyncio.run(scene()))


def test_acts_fit_their_description_and_need_a_bearer() -> None:
    async def scene() -> Any:
        on = await stage()
        await on.call.sign_in()
        return (await on.call.post("/api/claims/task-shop-read-the-log/tick", {"note": ""})).json()

    tick = DOCUMENT["paths"]["/api/claims/{id}/tick"]["post"]
    validator(answer_schema("/api/claims/{id}/tick", "post")).validate(asyncio.run(scene()))
    assert tick["security"] == [{"bearer": []}]
    body = validator(tick["requestBody"]["content"]["application/json"]["schema"])
    body.validate({"note": "x"})
    assert not body.is_valid({"note": 1})
    assert not body.is_valid({"other": "x"})


def test_problems_fit_their_description() -> None:
    async def scene() -> list[Any]:
        call = (await stage()).call
        return [(await call.get(path)).json() for path in ("/nope", "/api/claims/explode", "/api/flips?limit=x")]

    for problem in asyncio.run(scene()):
        validator({"$ref": "#/components/schemas/Problem"}).validate(problem)


def test_it_is_served_with_the_parameters_of_paths() -> None:
    async def scene() -> Any:
        return (await (await stage()).call.get("/api/openapi.json")).json()

    said = asyncio.run(scene())
    assert said["openapi"] == "3.1.0"
    assert "/api/v1/label/{name}/values" in said["paths"]
    (parameter,) = said["paths"]["/api/claims/{id}"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)
