"""Release of sealed pathology slides and imaging to a reviewing breast pathologist.

The journey, in eight verbs; each is one module of ``transfer_service.usecases``:

1. ask      A patient or physician asks a department for the slides.
2. deposit  A department opens a packet for one case and puts files in it. Every byte is sealed before it
            reaches S3 and read back before it counts. Close fixes the content.
3. release  The patient signs an authorization: which files, to whom, why, until when. Or withdraws it.
4. issue    Under a live release the department issues an expiring link to one named recipient.
5. redeem   The recipient opens the link, proves who they are, and downloads. The disclosure is recorded
            before the first byte leaves; if it can't be recorded, nothing leaves.
6. answer   The recipient's opinion comes back, sealed like everything else.
7. account  The patient and the privacy officer see who got what, when, under which release.
8. retire   Links expire, abandoned deposits are swept, packets are shredded by destroying their key.


Layers, importing downwards only:

    cli → app | standalone → settings → worker | api | pages | adapters → edge → identity → usecases
        → ports → audit | wording → domain | sealing | logs → errors
    client → sealing, errors
"""

__version__ = "0.1.0"
