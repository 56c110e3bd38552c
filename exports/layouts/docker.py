"""A directory from which `docker build` makes a server: no torch, no Handful to install, nothing that is not read.

Beside the bundle lie the few modules that serve it (`SERVING`), as they are here; what they import from elsewhere is in
requirements.txt, at the versions installed here where they are.
"""

import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.publish import make_dir, publish_file
from exports.layouts.base import copy_bundle

SOURCES = Path(__file__).parents[2]
SERVING = (
    "core/__init__.py",
    "core/clock.py",
    "core/errors.py",
    "core/i18n.py",
    "core/publish.py",
    "core/reading.py",
    "core/shapes.py",
    "core/show.py",
    "core/tags.py",
    "core/words.py",
    "exports/__init__.py",
    "exports/runtime/*.py",
    "exports/serve/*.py",
)
"""What a server is made of, by pattern."""
COMMON = ("numpy", "starlette", "tokenizers", "uvicorn", "httptools", "uvloop")
DOCKERFILE = """\
FROM python:{python}-slim
ENV PYTHONPATH=/srv/app PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY requirements.txt /srv/requirements.txt
RUN pip install --no-cache-dir -r /srv/requirements.txt
COPY --chmod=755 app /srv/app
COPY --chmod=755 bundle /srv/bundle
USER 10001:10001
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=3)"]
ENTRYPOINT ["python", "-m", "exports.serve", "/srv/bundle", "--host", "0.0.0.0"{more}]
"""


class Docker:
    """The layouts `docker` and `docker-gpu`."""

    def __init__(self, name: str, runtime: str, run: Sequence[str] = (), serve: Sequence[str] = ()) -> None:
        """`runtime`: what to install as onnxruntime; `run`, `serve`: more options of `docker run` and of the server."""
        self.name, self._runtime, self._run, self._serve = name, runtime, run, serve

    def write(self, bundle: Path, manifest: Mapping[str, Any], stage: Path) -> None:
        copy_bundle(bundle, manifest, stage / "bundle")
        for path in serving():
            target = stage / "app" / path.relative_to(SOURCES)
            make_dir(target.parent)
            shutil.copyfile(path, target)
        publish_file(stage / "requirements.txt", "".join(f"{line}\n" for line in self.requirements()).encode())
        publish_file(stage / "Dockerfile", self.dockerfile().encode())

    def requirements(self) -> list[str]:
        """Lines of requirements.txt."""
        return sorted([self._runtime if "-gpu" in self._runtime else _pinned(self._runtime), *map(_pinned, COMMON)])

    def dockerfile(self) -> str:
        """The Dockerfile."""
        more = "".join(f', "{arg}"' for arg in self._serve)
        return DOCKERFILE.format(python=f"{sys.version_info.major}.{sys.version_info.minor}", more=more)

    def use(self, target: Path) -> str:
        run = "".join(f" {option}" for option in self._run)
        return (
            f"docker build -t handful-model {shlex.quote(str(target))} && docker run{run} -p 127.0.0.1:8000:8000"
            " handful-model --without-token"
        )


def serving() -> Iterator[Path]:
    """The source files that serve a bundle."""
    for pattern in SERVING:
        yield from sorted(SOURCES.glob(pattern))


def _pinned(name: str) -> str:
    """The version that is installed here, for that is the one that was tried."""
    try:
        return f"{name}=={version(name)}"
    except PackageNotFoundError:
        return name


CPU = Docker("docker", "onnxruntime")
GPU = Docker("docker-gpu", "onnxruntime-gpu[cuda,cudnn]>=1.22", ("--gpus all",), ("--device", "cuda"))
