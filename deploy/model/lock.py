"""Rewrites the hashes in `requirements.txt` for the versions that stand there.

To move to another version, change the number in `requirements.txt` and run `python3 lock.py`. It asks the package
index that pip is set up with, once for each Python and processor below, so that one file serves them all.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().with_name("requirements.txt")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PROCESSORS = ["x86_64", "aarch64"]
# What `setup.py` demands of the machine: glibc 2.28.
GLIBC_TAGS = ["manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014"]


def download(pin: str, folder: str) -> None:
    for python in PYTHONS:
        for processor in PROCESSORS:
            platforms = [f"--platform={tag}_{processor}" for tag in GLIBC_TAGS]
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
            command += [f"--python-version={python}", *platforms, f"--dest={folder}", pin]
            if subprocess.run(command).returncode != 0:
                sys.exit(f"`{pin}` has no wheel for Python {python} on {processor}")


def main() -> None:
    text = REQUIREMENTS.read_text()
    header = [line for line in text.splitlines() if line.startswith("#")]
    lines = header + [""]
    for pin in re.findall(r"^[\w.-]+==[\w.]+", text, re.MULTILINE):
        with tempfile.TemporaryDirectory() as folder:
            download(pin, folder)
            wheels = sorted(Path(folder).iterdir())
            hashes = [f"    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in wheels]
        lines.append(" \\\n".join([pin, *sorted(hashes)]))
        print(f"{pin}: {len(wheels)} wheels")
    REQUIREMENTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
