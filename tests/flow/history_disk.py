"""A small disk for the database of history_test.py, which can be filled to its last byte and emptied again: a tmpfs, so only where the test
runs as root and may mount; elsewhere there is none, and the test says so.

Used by: history_test.py. Must never: fill a disk that it did not make."""

import errno
import os
import subprocess
import tempfile

DISK_BYTES = 512 * 1024 * 1024
WRITTEN_BYTES = 1024 * 1024
SETTINGS = {"max_wal_size": "64MB", "min_wal_size": "32MB"}  # so that the ledger of a long run fits


class SmallDisk:
    """folder: None where there is no such disk."""

    def __init__(self):
        folder = tempfile.mkdtemp(prefix="navdisk-", dir="/tmp")
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "navdisk", folder]
        self.folder = folder if os.getuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0 else None
        if self.folder is None:
            os.rmdir(folder)
        self.ballast = os.path.join(folder, "ballast")

    def fill(self):
        """Until nothing more goes on it."""
        size = WRITTEN_BYTES
        with open(self.ballast, "ab", buffering=0) as file:
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def empty(self):
        os.unlink(self.ballast)

    def close(self):
        if self.folder is not None:
            subprocess.run(["umount", "-l", self.folder], check=True)
            os.rmdir(self.folder)
