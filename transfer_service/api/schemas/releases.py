"""Releases, as departments ask for them and patients read and sign them."""

from dataclasses import dataclass

from marshmallow import Schema, fields, post_load, validate

from transfer_service.api.schemas.pages import ListSchema
from transfer_service.api.schemas.strict_texts import Line, Name, Secret, Sha256
from transfer_service.api.schemas.strict_values import Day, Id, Instant
from transfer_service.api.schemas.successors import NewsSchema
from transfer_service.domain.language import Language
from transfer_service.domain.mail import MailState, Way
from transfer_service.domain.release import (
    EXPIRED,
    MOST_FILES,
    MOST_GRANTS,
    Basis,
    Medium,
    ReleaseState,
    Signer,
    shown_state,
)
from transfer_service.edge.calls import now
from transfer_service.edge.strict_fields import TrueOrFalse, WholeNumber
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.release import GrantDraft, ReleaseDraft, SignatureDraft
from transfer_service.usecases.withdrawal import WithdrawalDraft


class GrantDraftSchema(Schema):
    """To whom, and which files; without ``file_ids`` every file of the packet."""

    recipient_id = Id(required=True)
    file_ids = fields.List(Id(), validate=validate.Length(min=1, max=MOST_FILES))

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> GrantDraft:
        if "file_ids" in data:
            data["file_ids"] = tuple(data["file_ids"])  # type: ignore[arg-type]  # a list, by the schema
        return GrantDraft(**data)  # type: ignore[arg-type]  # the schema has checked every member


class ReleaseDraftSchema(Schema):
    """A release as the department asks for it."""

    grants = fields.List(
        fields.Nested(GrantDraftSchema), required=True, validate=validate.Length(min=1, max=MOST_GRANTS)
    )
    purpose = Line(1000, required=True)
    expires_at = Instant(required=True)
    basis = fields.Enum(Basis, by_value=True, required=True)
    expiry_event = Name(200)
    language = fields.Enum(Language, by_value=True)
    signing = fields.Enum(Medium, by_value=True, validate=validate.OneOf([Medium.PAGE, Medium.PAPER]))
    attestation = Line(1000)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> ReleaseDraft:
        return ReleaseDraft(**data)  # type: ignore[arg-type]  # the schema has checked every member


class SignatureDraftSchema(Schema):
    """What the signing person says."""

    form_sha256 = Sha256(required=True)
    signature_name = Name(200, required=True)
    acknowledged = TrueOrFalse(required=True, validate=validate.Equal(comparable=True))
    signer = fields.Enum(Signer, by_value=True, required=True)
    authority = Name(500)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> SignatureDraft:
        del data["acknowledged"]
        name = data.pop("signature_name")
        return SignatureDraft(name=name, **data)  # type: ignore[arg-type]  # the schema has checked every member


class WithdrawalSchema(Schema):
    """How the patient told staff, and what those note; the patient may read the note."""

    told_by = fields.Enum(
        Medium, by_value=True, validate=validate.OneOf([Medium.PHONE, Medium.PAPER, Medium.IN_PERSON])
    )
    note = Line(1000)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> WithdrawalDraft:
        return WithdrawalDraft(**data)  # type: ignore[arg-type]  # the schema has checked every member


class SecretSchema(Schema):
    """The secret of a letter or of a link."""

    secret = Secret(required=True)


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """A letter's secret, and how its code is to be sent."""

    secret: str
    way: Way


class LetterSchema(SecretSchema):
    """The secret of a letter, and how its code is to be sent."""

    way = fields.Enum(Way, by_value=True, load_default=Way.EMAIL)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> Letter:
        return Letter(**data)  # type: ignore[arg-type]  # the schema has checked every member


class PatientAnswerSchema(SecretSchema):
    """What a person says to prove that the letter is theirs."""

    challenge_id = Id(required=True)
    birth_date = Day(required=True)
    code = Secret(required=True)

    @post_load
    def _made(self, data: dict[str, object], **_: object) -> PatientAnswer:
        return PatientAnswer(**data)  # type: ignore[arg-type]  # the schema has checked every member


class PatientChallengeSchema(Schema):
    """That a code is on its way to the patient, and by which ways one can be sent."""

    challenge_id = Id(attribute="id")
    expires_at = Instant()
    ways = fields.List(fields.Enum(Way, by_value=True))


class GrantSchema(Schema):
    """Exactly these files, to exactly this version of this recipient."""

    recipient_id = Id()
    recipient_version = WholeNumber()
    file_ids = fields.List(Id())


class SignatureSchema(Schema):
    """Who signed, by what authority where it is not the patient; and of a form on paper who confirmed which scan."""

    name = fields.String()
    signer = fields.Enum(Signer, by_value=True)
    authority = fields.String(allow_none=True)
    medium = fields.Enum(Medium, by_value=True)
    signed_on = Day(allow_none=True)
    confirmed_by = Id(allow_none=True)
    document_sha256 = fields.String(allow_none=True)


class ReleaseInListSchema(Schema):
    """A release in a list: without its form."""

    id = Id()
    packet_id = Id()
    state = fields.Function(
        lambda release: shown_state(release, now()),
        metadata={"type": "string", "enum": [*(state.value for state in ReleaseState), EXPIRED]},
    )
    basis = fields.Enum(Basis, by_value=True)
    grants = fields.List(fields.Nested(GrantSchema))
    signing = fields.Enum(Medium, by_value=True, metadata={"description": "By a letter to the page, or on paper."})
    purpose = fields.String()
    attestation = fields.String(allow_none=True)
    expires_at = Instant()
    manifest_sha256 = fields.String(metadata={"description": "Of the packet manifest's canonical form."})
    form_sha256 = fields.String(attribute="form.sha256")
    form_template = fields.String(attribute="form.template")
    form_language = fields.String(attribute="form.language")
    requested_at = Instant()
    signature = fields.Nested(SignatureSchema, allow_none=True)
    signed_at = Instant(allow_none=True)
    withdrawn_at = Instant(allow_none=True)
    withdrawn_how = fields.Enum(Medium, by_value=True, allow_none=True)
    withdrawn_note = fields.String(allow_none=True)


class ReleaseSchema(ReleaseInListSchema):
    """A release with the form as the patient reads it."""

    form = fields.String(attribute="form.text")


class PostedLetterSchema(Schema):
    """What became of a letter to the patient, and since when. What the mail server said of it stays out."""

    state = fields.Enum(MailState, by_value=True)
    at = Instant()


class ListedReleaseSchema(ReleaseInListSchema):
    """A release in its packet's list, with the newest letter."""

    letter = fields.Nested(PostedLetterSchema, allow_none=True)


class ReleaseListSchema(ListSchema):
    """A packet's releases, oldest first."""

    items = fields.List(fields.Nested(ListedReleaseSchema))


class PatientSessionSchema(Schema):
    """A bearer token for one release, and the release."""

    access_token = fields.String(attribute="token")
    expires_at = Instant()
    release = fields.Nested(ReleaseSchema)
    news = fields.Nested(NewsSchema, allow_none=True)
