"""Fine-tuning where a text has any number of classes: binary cross-entropy for each, and texts of like sets together.

Two texts attract each other as strongly as their sets overlap (Jaccard); those without any class attract nobody.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.training.tune import TEMPERATURE, balanced_batch


class LabelSets:
    """The goal; `labels` is [n, classes] of zeros and ones."""

    def batch(self, labels: NDArray[np.int64], size: int, seed: int, step: int) -> NDArray[np.int64]:
        """Half of it classes in turn, texts without any as one more; half of it texts as they are: base rates."""
        turns = balanced_batch(rarest(labels), size - size // 2, seed, step)
        draw = np.random.default_rng((seed, 3, step))
        others = draw.choice(len(labels), min(size // 2, len(labels)), replace=False)
        return np.unique(np.concatenate([turns, others]))

    def loss(self, logits: Tensor, vectors: Tensor, target: Tensor, contrastive: float) -> Tensor:
        given = target.to(logits.dtype)
        loss = functional.binary_cross_entropy_with_logits(logits, given, reduction="none").sum(1).mean()
        return loss + contrastive * overlap_loss(vectors, given) if contrastive else loss


LABEL_SETS = LabelSets()


def rarest(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each text [n] the rarest of its classes, by its place; the number of classes for those without any."""
    times = labels.sum(axis=0)
    ranked = np.where(labels > 0, times[None, :], np.iinfo(np.int64).max)
    return np.asarray(np.where(labels.any(axis=1), ranked.argmin(axis=1), labels.shape[1]), np.int64)


def overlap_loss(vectors: Tensor, given: Tensor) -> Tensor:
    """Contrastive loss over unit vectors [B, d] with sets [B, classes]; zero if no two sets overlap."""
    shared = given @ given.T
    sizes = given.sum(1)
    eye = torch.eye(len(given), device=given.device, dtype=given.dtype)
    pull = shared / (sizes[:, None] + sizes[None, :] - shared).clamp(min=1.0) * (1.0 - eye)
    similar = vectors @ vectors.T / TEMPERATURE
    logp = similar - torch.logsumexp(similar - eye * 1e9, dim=1, keepdim=True)
    total = pull.sum(1)
    per_row = (pull * logp).sum(1) / total.clamp(min=1e-6)
    return -(per_row * (total > 0)).sum() / (total > 0).sum().clamp(min=1)
