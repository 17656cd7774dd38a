"""From a network to a Law: sparse factors, and the law that stands on the likelihood of the data."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from mesoscribe.hybrid.data.space_time_filter import denoised
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.deadline import doing, time_for
from mesoscribe.hybrid.space.device import here, on
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.series import cut_off, series
from mesoscribe.symbolic.read.fields import FieldsNetwork
from mesoscribe.symbolic.read.forms import Network
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser
from mesoscribe.symbolic.read.propose import Proposer, widened_by
from mesoscribe.symbolic.select.alternatives import alternatives
from mesoscribe.symbolic.select.centre import Centre
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.constancy import inconstant
from mesoscribe.symbolic.select.distillation import Distillation, not_done
from mesoscribe.symbolic.select.entry import Rival
from mesoscribe.symbolic.select.rivals import missed_rate, rival

UNHELD = "a further term, for which the form of the law has no place, explains some of it: {}"


def distill(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    pays: float = NUMBERS.pays,
    optimiser: Optimiser = DEFAULT,
    proposer: Proposer | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
) -> Law:
    """The closed-form law of a network, refined on trajectories; `distillation` returns the steps as well."""
    return distillation(
        model,
        data,
        validation=validation,
        library=library,
        pays=pays,
        optimiser=optimiser,
        proposer=proposer,
        seed=seed,
        device=device,
    ).law


@threads_by_data
def distillation(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    pays: float = NUMBERS.pays,
    optimiser: Optimiser = DEFAULT,
    proposer: Proposer | None = None,
    seed: int = 0,
    device: str | torch.device | None = None,
    weighed: bool = True,
) -> Distillation:
    """Read the factors off a network, and find the law around them on which the data stand.

    Within a `mesoscribe.hybrid.space.deadline.Deadline` it ends in time with the law that it has; a note says
    what is not converged.

    Args:
        model: the network, the source of the form and of the first coefficients.
        data: trajectories that laws are fitted to; without `validation` some are kept back.
        validation: trajectories on which law and network are compared; laws are fitted to them as well, and
            judged on pieces that are left out.
        library: candidate terms, polynomials if None.
        pays: by which factor a term must reduce the error beyond the noise to stay; a smaller one, such as
            1.2, leaves more terms and a closer law.
        optimiser: what proposes the terms of each factor (`symbolic.read.optimisers`), such as SR3().
        proposer: asked for further terms of F where the library does not hold it (`symbolic.read.propose`).
        seed: of the split.
        device: on which laws and network are rolled out: "cpu", "cuda" or "auto"; the CPU if None.
        weighed: whether equations of no member are looked for, which may take longer than all else where no
            law explains the data; `Distillation.weighed` does it later.

    Raises:
        ValueError: the network has no dynamics to read, pays is below 1, or there is no such device; on a
            window a library with symbols that are no polynomials of k.
        MemoryError: the memory of the GPU is not enough.
    """
    if not pays >= 1:
        raise ValueError(f"expected pays of at least 1, got {pays}; 2 asks much of a term, 1.2 little")
    if validation is None:
        data, validation = data.parts(seed, (1 - HYBRID.validation_share, HYBRID.validation_share))
    usual = polynomials(model.domain.ndim, fields=model.fields)
    library = (library or usual.local).on_window() if data.window else library or usual
    library = library.between(model.domain.parities)
    with on(here() if device is None else device, model):
        found = _asked(model, data, validation, library, pays, optimiser, proposer)
        found = replace(found, notes=(*found.notes, *not_done()))
        return found.weighed if weighed else found


def _asked(
    model: OnsagerModel,
    data: Trajectories,
    validation: Trajectories,
    library: Library,
    pays: float,
    optimiser: Optimiser,
    proposer: Proposer | None,
) -> Distillation:
    """The law of a network with the candidates of a library, and with others where these do not hold it."""
    started = time.perf_counter()
    doing("reading the network")
    network = source_of(model, denoised(data), denoised(validation))
    known = time.perf_counter() - started
    found = _distilled(network, data, validation, library, pays, optimiser)
    lacking = not found.completeness.complete or series(found.law, library)
    if isinstance(network, Network) and proposer is not None and lacking and time_for("further candidates"):
        wider, note = widened_by(proposer, library, network.canonical, network.weights)
        again = found if wider == library else _distilled(network, data, validation, wider, pays, optimiser)
        found = replace(again, notes=(note, *again.notes))
    seconds = {**found.seconds, "distill": known + found.seconds["distill"]}
    return replace(found, seconds=seconds)


def source_of(model: OnsagerModel, data: Trajectories, validation: Trajectories) -> Network | FieldsNetwork:
    """A network of one field, or of several, as a source of forms."""
    kind = Network if model.domain.n_fields is None else FieldsNetwork
    return kind.of(model, data, validation)


def _distilled(
    network: Network | FieldsNetwork,
    data: Trajectories,
    validation: Trajectories,
    library: Library,
    pays: float,
    optimiser: Optimiser,
) -> Distillation:
    """The law of a network with the candidates of one library."""
    started = time.perf_counter()
    wider, offered = network.widened(library)
    if data.window:
        wider, offered = wider.local, tuple(offer for offer in offered if offer.factor == "F")
    forms = network.forms(wider, optimiser, offered)
    read = time.perf_counter()
    new = {term for name in "Fqmw" for term in getattr(wider, name) if term not in getattr(library, name)}
    ends = [
        Centre.of(about, network, data, validation, wider, new, pays)
        for i, about in enumerate(forms)
        if not i or time_for("forms about another centre")
    ]
    end = min(ends, key=lambda one: one.price(ends[0].size))
    found, shapes = end.final(data, validation, network.first)
    law = with_rate_error(canonical_law(found), data.dt_error)  # with all its parameters
    law = law.without_errors(cut_off(law, wider))
    completeness = Completeness.of(law, network.model, end.selections, denoised(validation), network.first)
    held = library.with_isotropic()
    shaped = [name for name in "Fqmw" if set(getattr(law, name).terms) - set(getattr(held, name))]
    notes = (
        *(() if end.search.fame.explained else network.notes),
        *shapes,
        *(str(offer) for offer in offered if offer.factor in shaped),
        *(end.closed[form] for form in end.search.terms(law) & end.closed.keys()),
        *series(law, wider),
        *(() if completeness.complete else (str(completeness),)),
    )
    seconds = {"distill": read - started, "refine": time.perf_counter() - read}
    laws = end.search.fame.with_law(law, data.dt_error)

    def others() -> tuple[Rival | None, tuple[str, ...], tuple[str, ...]]:
        search = end.search
        free, missed = search.likelihood.free, missed_rate(search)
        better = rival(search.chosen, end.every, pays, free=free, missed=missed)
        unheld = (UNHELD.format(missed),) if missed and better is None else ()
        return better, alternatives(search), (*unheld, *inconstant(search))

    return Distillation(
        read=canonical_law(end.read),
        law=law,
        laws=laws,
        gauge=network.gauge,
        selections=end.selections,
        completeness=completeness,
        notes=notes,
        seconds=seconds,
        others=others,
    )
