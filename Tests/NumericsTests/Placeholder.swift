import Numerics
import TestSupport
