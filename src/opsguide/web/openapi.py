"""`/api/openapi.json`, made of the route table and of the types that the answers are; it cannot differ from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide import __version__
from opsguide.web.problem import MEDIA_TYPE, Problem
from opsguide.web.site import JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.web.site import Endpoint

Json = dict[str, Any]
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_REF = "#/components/schemas/{name}"


def document(endpoints: Sequence[Endpoint]) -> Json:
    """The OpenAPI 3.1 description of these endpoints."""
    types = {kind for endpoint in endpoints for kind in (endpoint.answer, endpoint.takes) if kind not in {None, dict}}
    ordered = sorted((kind for kind in types if kind is not None), key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components([*ordered, Problem], ref_template=_REF)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(_PARAMETER.sub(r"{\1}", endpoint.path), {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "opsguide",
            "version": __version__,
            "description": "The statements of an operations guide and what is known of each. Errors are RFC 9457.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "a token made by `opsguide token`"}
            },
        },
    }


def _operation(endpoint: Endpoint) -> Json:
    said: Json = {
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "parameters": _parameters(endpoint),
        "responses": {
            "200": {"description": "the answer", "content": {JSON: {"schema": _schema(endpoint.answer)}}},
            "default": {"description": "what is wrong", "content": {MEDIA_TYPE: {"schema": _schema(Problem)}}},
        },
    }
    if endpoint.takes is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": _schema(endpoint.takes)}}}
    if endpoint.acts:
        said["security"] = [{"bearer": []}]
    return said


def _operation_id(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", _PARAMETER.sub(r"\1", endpoint.path.removeprefix("/api")))
    return "_".join([endpoint.method.lower(), *words])


def _parameters(endpoint: Endpoint) -> list[Json]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    in_query = [
        {"name": each.name, "in": "query", "description": each.says, "schema": {"type": each.type}}
        for each in endpoint.query
    ]
    return in_path + in_query


def _schema(kind: type | None) -> Json:
    return {"type": "object"} if kind is None else {"$ref": _REF.format(name=kind.__name__)}
