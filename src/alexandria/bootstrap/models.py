"""Models, loaded once for each process, and the matrix of vectors."""

from functools import lru_cache
from pathlib import Path

from alexandria.adapters.passage_index import PassageStore
from alexandria.adapters.vector_index import VectorStore
from alexandria.config import get_settings
from alexandria.errors import UnavailableError
from alexandria.models import Build
from alexandria.protocols import Embedder
from alexandria.protocols.citations import CitationReader, CitationTrainer
from alexandria.protocols.classification import Classifier, ClassifierTrainer
from alexandria.protocols.readings import ReadingModel, Readings
from alexandria.protocols.thesauri import ThesaurusFiles

BUNDLED_MODEL = Path(__file__).parent.parent / "data" / "minilm"


@lru_cache(maxsize=2)
def _model_in(folder: Path, threads: int) -> Embedder:
    """Load a model, once for each process; two while one is built beside the other."""
    from alexandria.adapters.embedder import OnnxEmbedder  # noqa: PLC0415 (onnxruntime is heavy)

    return OnnxEmbedder(folder, threads=threads)


def embedder() -> Embedder:
    """Give the embedding model that the settings ask for."""
    return _load_model(model_place())


def model_place() -> str | None:
    folder = get_settings().alexandria_embedding_model
    return None if folder is None else str(folder.expanduser().absolute())


def _load_model(place: str | None) -> Embedder:
    folder = BUNDLED_MODEL if place is None else Path(place)
    return _model_in(folder, get_settings().alexandria_embedding_threads)


def model_of(build: Build) -> Embedder:
    """Load the model of a build. Raises UnavailableError if another lies in its place."""
    model = _load_model(build.place)
    if model.model != build.version:
        raise UnavailableError(
            f"The vectors are of {build.version}; in its place lies {model.model}.",
            "Run `alexandria rebuild embedding`, or put the model back.",
        )
    return model


def can_serve(build: Build) -> bool:
    try:
        return bool(model_of(build))
    except UnavailableError:
        return False


@lru_cache(maxsize=1)
def vector_store(
    _database_url: str, _build: int | None, model: str, dimensions: int
) -> VectorStore:
    """Give this process's matrix of vectors, shared by all of its sessions."""
    return VectorStore(model, dimensions)


@lru_cache(maxsize=1)
def passage_store(
    _database_url: str, _build: int | None, model: str, dimensions: int
) -> PassageStore:
    """Give this process's vectors of passages, shared by all of its sessions."""
    return PassageStore(model, dimensions)


def citation_models() -> Path:
    """Give the folder of the citation models that were trained for this library."""
    return get_settings().data_dir / "models" / "citations"


@lru_cache(maxsize=1)
def _citation_reader(trained: Path) -> CitationReader:
    from alexandria.adapters.citations.reader import (  # noqa: PLC0415 (loads when needed)
        BundledCitationReader,
    )

    return BundledCitationReader(trained)


def citation_reader() -> CitationReader:
    """Give the reader of references and headers; its models load when they are first needed."""
    return _citation_reader(citation_models())


def citation_trainer() -> CitationTrainer:
    from alexandria.adapters.citations.trainer import (  # noqa: PLC0415 (loads when needed)
        BundledCitationTrainer,
    )

    return BundledCitationTrainer()


def classifier_models() -> Path:
    """Give the folder of the classifiers that were trained for this library."""
    return get_settings().data_dir / "models" / "classifier"


def classifier_trainer() -> ClassifierTrainer:
    from alexandria.adapters.kernel_classifier import (  # noqa: PLC0415 (scikit-learn is heavy)
        KernelTrainer,
    )

    return KernelTrainer()


def classifier_in(path: Path) -> Classifier | None:
    """Load a classifier, once for each process; None where there is none that can be read."""
    return _classifier_in(path) if path.is_file() else None


@lru_cache(maxsize=1)
def _classifier_in(path: Path) -> Classifier | None:
    return classifier_trainer().load(path)


def thesaurus_files() -> ThesaurusFiles:
    from alexandria.adapters.skos import SkosFiles  # noqa: PLC0415 (rdflib loads when needed)

    return SkosFiles()


def learn_readings(readings: Readings) -> ReadingModel:
    """Compare readers; takes time and memory by their number and that of the items."""
    from alexandria.adapters.readings import ReadingRanker  # noqa: PLC0415 (SciPy is heavy)

    return ReadingRanker(readings)
