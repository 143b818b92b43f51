"""The sentences of the story: whole ones, for each language orders its words in its own way."""

from collections.abc import Mapping

from transfer_service.domain.story import Kind
from transfer_service.wording import N_

OWN, FOR, NONE = "signed by the patient", "signed for the patient", "not signed"
WHOLE, PART, BEGUN = "whole", "part", "begun"

ONE_FILE = {
    (WHOLE, OWN): N_(
        "On %(day)s %(who)s downloaded %(file)s completely, %(size)s, under the permission that you signed"
        " on %(signed)s."
    ),
    (WHOLE, FOR): N_(
        "On %(day)s %(who)s downloaded %(file)s completely, %(size)s, under the permission that was signed for the"
        " patient on %(signed)s."
    ),
    (WHOLE, NONE): N_("On %(day)s %(who)s downloaded %(file)s completely, %(size)s, without a signed permission."),
    (PART, OWN): N_(
        "On %(day)s %(who)s downloaded %(file)s in part, %(sent)s of a file of %(size)s, under the permission that you"
        " signed on %(signed)s."
    ),
    (PART, FOR): N_(
        "On %(day)s %(who)s downloaded %(file)s in part, %(sent)s of a file of %(size)s, under the permission that was"
        " signed for the patient on %(signed)s."
    ),
    (PART, NONE): N_(
        "On %(day)s %(who)s downloaded %(file)s in part, %(sent)s of a file of %(size)s, without a signed permission."
    ),
    (BEGUN, OWN): N_(
        "On %(day)s %(who)s began to download %(file)s under the permission that you signed on %(signed)s. Nothing of"
        " it is known to have left."
    ),
    (BEGUN, FOR): N_(
        "On %(day)s %(who)s began to download %(file)s under the permission that was signed for the patient on"
        " %(signed)s. Nothing of it is known to have left."
    ),
    (BEGUN, NONE): N_(
        "On %(day)s %(who)s began to download %(file)s without a signed permission. Nothing of it is known to have"
        " left."
    ),
}
SEVERAL_FILES = {
    OWN: N_("On %(day)s %(who)s downloaded these files, under the permission that you signed on %(signed)s:"),
    FOR: N_("On %(day)s %(who)s downloaded these files, under the permission signed for the patient on %(signed)s:"),
    NONE: N_("On %(day)s %(who)s downloaded these files, without a signed permission:"),
}
ITEMS = {
    WHOLE: N_("%(file)s: completely, %(size)s"),
    PART: N_("%(file)s: in part, %(sent)s of a file of %(size)s"),
    BEGUN: N_("%(file)s: begun, and nothing of it is known to have left"),
}
MILESTONES: Mapping[Kind, str] = {
    Kind.ASKED: N_(
        "On %(day)s the department asked for your permission to release files to %(names)s, until %(until)s. The law"
        " calls such a permission an authorization."
    ),
    Kind.LINK_MADE: N_(
        "On %(day)s the department made a link for %(who)s: a private web address that opens the files for nobody else,"
        " until %(link_until)s."
    ),
    Kind.LINK_CANCELLED: N_("On %(day)s the department cancelled the link of %(who)s. It opens nothing any more."),
    Kind.LINK_ENDED: N_("On %(day)s the link of %(who)s ended by itself, as planned. It opens nothing any more."),
    Kind.ENDED: N_(
        "On %(day)s the permission for %(names)s ended by itself, as planned. Nothing leaves under it any more."
    ),
    Kind.LAPSED: N_(
        "On %(day)s the time to sign the permission for %(names)s was over. Nothing was released under it."
    ),
    Kind.RETIRED: N_("On %(day)s the department closed this release of files. No link opens them any more."),
    Kind.DESTROYED: N_(
        "On %(day)s the copies of the files that were kept here for the release were destroyed. Nobody can read them"
        " again."
    ),
}
SIGNED_OWN = N_("On %(day)s you signed the permission for %(names)s. From then on the files could be released.")
SIGNED_FOR = N_("On %(day)s %(signer)s signed the permission for %(names)s for the patient, as: %(authority)s.")
WITHDRAWN = {
    True: N_(
        "On %(day)s you withdrew the permission for %(names)s. Every link under it stopped working at once; copies"
        " downloaded before stay with whoever has them."
    ),
    False: N_(
        "On %(day)s the department withdrew the permission for %(names)s on the patient's behalf. Every link under it"
        " stopped working at once; copies downloaded before stay with whoever has them."
    ),
}
DECLINED = {
    True: N_("On %(day)s you said no to the release to %(names)s. Nothing was released under it."),
    False: N_("On %(day)s the department took its request for %(names)s back. Nothing was released under it."),
}
