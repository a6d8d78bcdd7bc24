"""What OpenAPI cannot see: the upload's form, which is read as a stream."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema


@dataclass
class UploadOperation(Operation):
    """`POST /upload` with its form."""

    def __post_init__(self) -> None:
        form = Schema(
            type=OpenAPIType.OBJECT,
            required=["file"],
            properties={
                "file": Schema(
                    type=OpenAPIType.STRING,
                    format=OpenAPIFormat.BINARY,
                    description="The video; its part must be declared `video/*`.",
                ),
                "client_id": Schema(
                    type=OpenAPIType.STRING,
                    description="Channel that is told about the upload; also taken from the query.",
                ),
            },
        )
        self.request_body = RequestBody(
            required=True, content={"multipart/form-data": OpenAPIMediaType(schema=form)}
        )
