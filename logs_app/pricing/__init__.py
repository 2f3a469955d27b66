"""What calls cost: rates, the book of prices, and the quantities that are charged."""

from .book import EMPTY, Book
from .rates import Quantities, Rates, cost

__all__ = ["EMPTY", "Book", "Quantities", "Rates", "cost"]
