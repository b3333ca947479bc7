"""One operation of the API as a value, and how the document writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.webhooks.openapi.refusals import (
    TOO_MANY,
    UNAUTHORIZED,
    UNAVAILABLE,
    Refusal,
    responses,
)
from apps.webhooks.openapi.shapes import TEXT, Schema

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
NO_STORE: Final = {"Cache-Control": {"$ref": "#/components/headers/NoStore"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent: as JSON and, if `form` has an example of it, as a form too.

    `form_schema`: what a form can say, if that is less.
    """

    schema: Schema
    example: Any
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    form: Mapping[str, str] | None = None
    form_schema: Schema | None = None
    required: bool = True

    def written(self) -> Schema:
        """The operation's `requestBody`."""
        examples = {"usual": self.example, **self.more}
        content: Schema = {
            JSON: {
                "schema": self.schema,
                "examples": {name: {"value": each} for name, each in examples.items()},
            }
        }
        if self.form is not None:
            content[FORM] = {
                "schema": self.form_schema or self.schema,
                "examples": {"usual": {"value": dict(self.form)}},
            }
        return {"required": self.required, "content": content}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that means success; without a schema it has no body.

    `text`: a type that it may be of instead, which is no JSON, and an example.
    """

    description: str
    schema: Schema | None = None
    example: Any = None
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    text: tuple[str, str] | None = None
    headers: Mapping[str, Schema] = dataclasses.field(default_factory=dict)

    def written(self) -> Schema:
        """One of the operation's `responses`."""
        request_id = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
        response: Schema = {
            "description": self.description,
            "headers": request_id | dict(self.headers),
        }
        if self.schema is not None:
            examples = {"usual": self.example, **self.more}
            response["content"] = {
                JSON: {
                    "schema": self.schema,
                    "examples": {
                        name: {"value": each} for name, each in examples.items()
                    },
                }
            }
        if self.text is not None:
            kind, example = self.text
            response["content"][kind] = {"schema": TEXT, "example": example}
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a method does at a path.

    `tokens`: the kinds of token that will do, any one of them; none is needed if
    there are none. `refusals`: the errors beside those that all operations have.
    """

    id: str
    tag: str
    summary: str
    description: str
    replies: Mapping[int, Reply]
    tokens: Sequence[str] = ()
    parameters: Sequence[Schema] = ()
    body: Body | None = None
    refusals: Sequence[Refusal] = ()

    def written(self) -> Schema:
        """As the document has it."""
        of_tokens = (UNAUTHORIZED, TOO_MANY) if self.tokens else ()
        return {
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "security": [{kind: []} for kind in self.tokens],
            "parameters": list(self.parameters),
            **({"requestBody": self.body.written()} if self.body else {}),
            "responses": {
                **{str(code): reply.written() for code, reply in self.replies.items()},
                **responses([*self.refusals, *of_tokens, UNAVAILABLE]),
            },
        }


def alike(path: str, methods: str, operation: Operation) -> dict[str, Operation]:
    """The same operation by several methods, as the original's clients expect it.

    The first of them is the one to prefer; the ids of the others tell them apart.
    """
    first, *others = methods.split()
    written = {f"{first} {path}": operation}
    for method in others:
        written[f"{method} {path}"] = dataclasses.replace(
            operation,
            id=f"{operation.id}_{method.lower()}",
            summary=f"{operation.summary} ({method})",
            description=f"Does what {first} does. {operation.description}",
        )
    return written
