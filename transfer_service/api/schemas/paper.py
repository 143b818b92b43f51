"""Forms signed on paper: the scan, and what whoever confirms it reads there."""

from marshmallow import Schema, fields, post_load

from transfer_service.api.schemas.strict_texts import Name, Sha256
from transfer_service.api.schemas.strict_values import Id, Instant, PastDay, Size
from transfer_service.domain.document import SCAN_MEDIA_TYPES
from transfer_service.domain.release import ReleaseState, Signer, shown_state
from transfer_service.edge.calls import now
from transfer_service.usecases.paper import PaperDraft


class PaperDraftSchema(Schema):
    """What stands on the paper, and the SHA-256 of the scan that was looked at."""

    document_sha256 = Sha256(required=True)
    signature_name = Name(200, required=True)
    signer = fields.Enum(Signer, by_value=True, required=True)
    authority = Name(500)
    signed_on = PastDay(required=True)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> PaperDraft:
        name = data.pop("signature_name")
        return PaperDraft(name=name, **data)  # type: ignore[arg-type]  # the schema has checked every member


class ScanSchema(Schema):
    """The scan as it was kept, and that its release awaits confirmation by another member of staff."""

    release = Id(attribute="release.id")
    state = fields.Function(
        lambda kept: shown_state(kept["release"], now()),
        metadata={"type": "string", "enum": [ReleaseState.AWAITING_CONFIRMATION.value]},
    )
    document_sha256 = fields.String(attribute="document.sha256")
    media_type = fields.String(attribute="document.media_type", metadata={"enum": [*SCAN_MEDIA_TYPES]})
    size = Size(attribute="document.size_bytes")
    received_at = Instant(attribute="document.made_at")
