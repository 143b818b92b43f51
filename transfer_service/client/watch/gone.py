"""A folder that is away: a share that is not mounted, a disk that was taken out."""

from transfer_service.client.failures import RunAgain


class FolderGone(RunAgain):
    """It was there, and is not now; it may come back."""

    code = "folder_gone"
    message = "The folder is not there any more."
