"""Learn u_t = -(M + W) δV/δu from trajectories of a field: read, fit, simulate."""

from hybrid.energystep import DiscreteGradient
from hybrid.fit import fit
from hybrid.grid import Grid
from hybrid.onsager import OnsagerModel
from hybrid.partial import PartialForces
from hybrid.readers import load
from hybrid.schedule import Schedule
from hybrid.trajectories import Trajectories

__all__ = [
    "DiscreteGradient",
    "Grid",
    "OnsagerModel",
    "PartialForces",
    "Schedule",
    "Trajectories",
    "fit",
    "load",
]
