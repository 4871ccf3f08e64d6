"""Tables: scale words, currencies and units of measure. Every factor is exact."""
# ruff: noqa: SIM905 - lists of words read better as words

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: units of one dimension convert into each other."""

    dimension: str
    factor: Fraction = Fraction(1)
    """How many of the dimension's base unit it is."""
    zero: Fraction = Fraction(0)
    """What is added to a figure before that: degrees Celsius start at 273.15 kelvin."""


SCALES: Mapping[str, int] = MappingProxyType(
    {
        "hundred": 10**2, "hundreds": 10**2, "thousand": 10**3, "thousands": 10**3, "k": 10**3,
        "million": 10**6, "millions": 10**6, "mn": 10**6, "mln": 10**6, "mio": 10**6, "mm.": 10**6,
        "billion": 10**9, "billions": 10**9, "bn": 10**9, "bln": 10**9, "mrd": 10**9, "milliard": 10**9,
        "trillion": 10**12, "trillions": 10**12, "tn": 10**12, "trn": 10**12,
        "dozen": 12, "dozens": 12, "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7,
    }
)  # fmt: skip
"""By case-folded word, alone or attached to the number."""

LETTER_SCALES: Mapping[str, int] = MappingProxyType(
    {"M": 10**6, "MM": 10**6, "m": 10**6, "mm": 10**6, "B": 10**9, "b": 10**9, "T": 10**12, "t": 10**12}
)
"""Letters that mean a scale beside a currency, and otherwise may mean a unit as well."""

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "US$": "USD", "AU$": "AUD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "CN¥": "CNY",
        "A$": "AUD", "C$": "CAD", "S$": "SGD", "R$": "BRL",
        "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₪": "ILS",
    }
)  # fmt: skip
"""Currency signs, the longer first. ``$`` alone is read as US dollars."""

CODES = frozenset(
    "AED ARS AUD BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD MXN MYR NGN NOK "
    "NZD PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR BTC ETH USDT USDC".split()
)
"""ISO 4217 codes in use, and four of crypto-assets."""

CURRENCY_WORDS: Mapping[str, tuple[str, Fraction]] = MappingProxyType(
    {
        "dollar": ("USD", Fraction(1)), "dollars": ("USD", Fraction(1)), "bucks": ("USD", Fraction(1)),
        "cent": ("USD", Fraction(1, 100)), "cents": ("USD", Fraction(1, 100)), "¢": ("USD", Fraction(1, 100)),
        "euro": ("EUR", Fraction(1)), "euros": ("EUR", Fraction(1)), "yen": ("JPY", Fraction(1)),
        "pence": ("GBP", Fraction(1, 100)), "sterling": ("GBP", Fraction(1)), "yuan": ("CNY", Fraction(1)),
        "renminbi": ("CNY", Fraction(1)), "rmb": ("CNY", Fraction(1)), "rupee": ("INR", Fraction(1)),
        "rupees": ("INR", Fraction(1)),
    }
)  # fmt: skip
"""Case-folded word to code and part of it."""

_HOUR, _DAY = 3600, 86400
_INCH, _POUND = Fraction(254, 10_000), Fraction(45_359_237, 100_000)

EXACT_UNITS: Mapping[str, tuple[Unit, ...]] = MappingProxyType(
    {
        "%": (Unit("percent"),), "‰": (Unit("percent", Fraction(1, 10)),),
        "s": (Unit("time"),), "h": (Unit("time", Fraction(_HOUR)),), "ms": (Unit("time", Fraction(1, 1000)),),
        "µs": (Unit("time", Fraction(1, 10**6)),), "us": (Unit("time", Fraction(1, 10**6)),),
        "ns": (Unit("time", Fraction(1, 10**9)),),
        "m": (Unit("length"),), "km": (Unit("length", Fraction(1000)),), "cm": (Unit("length", Fraction(1, 100)),),
        "mm": (Unit("length", Fraction(1, 1000)),),
        "g": (Unit("mass"),), "kg": (Unit("mass", Fraction(1000)),), "mg": (Unit("mass", Fraction(1, 1000)),),
        "t": (Unit("mass", Fraction(10**6)),),
        "l": (Unit("volume"),), "L": (Unit("volume"),), "ml": (Unit("volume", Fraction(1, 1000)),),
        "mL": (Unit("volume", Fraction(1, 1000)),),
        "°C": (Unit("kelvin", zero=Fraction("273.15")),),
        "°F": (Unit("kelvin", Fraction(5, 9), zero=Fraction("459.67")),),
        "J": (Unit("energy"),), "kJ": (Unit("energy", Fraction(1000)),), "MJ": (Unit("energy", Fraction(10**6)),),
        "Wh": (Unit("energy", Fraction(_HOUR)),), "kWh": (Unit("energy", Fraction(1000 * _HOUR)),),
        "MWh": (Unit("energy", Fraction(10**6 * _HOUR)),), "GWh": (Unit("energy", Fraction(10**9 * _HOUR)),),
        "mW": (Unit("power", Fraction(1, 1000)),), "W": (Unit("power"),), "kW": (Unit("power", Fraction(1000)),),
        "MW": (Unit("power", Fraction(10**6)),), "GW": (Unit("power", Fraction(10**9)),),
        "Pa": (Unit("pressure"),), "hPa": (Unit("pressure", Fraction(100)),),
        "kPa": (Unit("pressure", Fraction(1000)),), "MPa": (Unit("pressure", Fraction(10**6)),),
        "bar": (Unit("pressure", Fraction(10**5)),), "mbar": (Unit("pressure", Fraction(100)),),
        "atm": (Unit("pressure", Fraction(101_325)),),
        "Hz": (Unit("frequency"),), "kHz": (Unit("frequency", Fraction(1000)),),
        "MHz": (Unit("frequency", Fraction(10**6)),), "GHz": (Unit("frequency", Fraction(10**9)),),
        "mV": (Unit("voltage", Fraction(1, 1000)),), "V": (Unit("voltage"),), "kV": (Unit("voltage", Fraction(1000)),),
        "mA": (Unit("electric current", Fraction(1, 1000)),), "A": (Unit("electric current"),),
        "N": (Unit("force"),), "kN": (Unit("force", Fraction(1000)),),
        "mol": (Unit("substance"),), "mmol": (Unit("substance", Fraction(1, 1000)),),
        "µmol": (Unit("substance", Fraction(1, 10**6)),), "μmol": (Unit("substance", Fraction(1, 10**6)),),
        "mM": (Unit("substance/volume", Fraction(1, 1000)),),
        "cm³": (Unit("volume", Fraction(1, 1000)),), "cm^3": (Unit("volume", Fraction(1, 1000)),),
        "dm³": (Unit("volume"),), "dm^3": (Unit("volume"),),
        "m³": (Unit("volume", Fraction(1000)),), "m^3": (Unit("volume", Fraction(1000)),),
        "m²": (Unit("length^2"),), "m^2": (Unit("length^2"),),
        "km²": (Unit("length^2", Fraction(10**6)),), "km^2": (Unit("length^2", Fraction(10**6)),),
        "ha": (Unit("length^2", Fraction(10_000)),),
        "kbit": (Unit("byte", Fraction(125)),), "Mbit": (Unit("byte", Fraction(125_000)),),
        "Gbit": (Unit("byte", Fraction(125_000_000)),), "Mbps": (Unit("byte/time", Fraction(125_000)),),
        "Gbps": (Unit("byte/time", Fraction(125_000_000)),),
        "B": (Unit("byte"),),
        "kB": (Unit("byte", Fraction(1000)), Unit("byte", Fraction(1024))),
        "KB": (Unit("byte", Fraction(1000)), Unit("byte", Fraction(1024))),
        "MB": (Unit("byte", Fraction(1000**2)), Unit("byte", Fraction(1024**2))),
        "GB": (Unit("byte", Fraction(1000**3)), Unit("byte", Fraction(1024**3))),
        "TB": (Unit("byte", Fraction(1000**4)), Unit("byte", Fraction(1024**4))),
        "KiB": (Unit("byte", Fraction(1024)),), "MiB": (Unit("byte", Fraction(1024**2)),),
        "GiB": (Unit("byte", Fraction(1024**3)),), "TiB": (Unit("byte", Fraction(1024**4)),),
    }
)  # fmt: skip
"""Symbols whose case counts. Two units: the symbol is used for both."""

WORD_UNITS: Mapping[str, tuple[Unit, ...]] = MappingProxyType(
    {
        "percent": (Unit("percent"),), "pct": (Unit("percent"),),
        "bp": (Unit("basis", Fraction(1, 100)),),
        "bps": (Unit("basis", Fraction(1, 100)),),
        "pp": (Unit("point"),), "ppt": (Unit("point"),), "ppts": (Unit("point"),),
        "sec": (Unit("time"),), "secs": (Unit("time"),), "second": (Unit("time"),), "seconds": (Unit("time"),),
        "min": (Unit("time", Fraction(60)),), "mins": (Unit("time", Fraction(60)),),
        "minute": (Unit("time", Fraction(60)),), "minutes": (Unit("time", Fraction(60)),),
        "hr": (Unit("time", Fraction(_HOUR)),), "hrs": (Unit("time", Fraction(_HOUR)),),
        "hour": (Unit("time", Fraction(_HOUR)),), "hours": (Unit("time", Fraction(_HOUR)),),
        "day": (Unit("time", Fraction(_DAY)),), "days": (Unit("time", Fraction(_DAY)),),
        "week": (Unit("time", Fraction(7 * _DAY)),), "weeks": (Unit("time", Fraction(7 * _DAY)),),
        "millisecond": (Unit("time", Fraction(1, 1000)),), "milliseconds": (Unit("time", Fraction(1, 1000)),),
        "month": (Unit("month"),), "months": (Unit("month"),),
        "quarter": (Unit("month", Fraction(3)),), "quarters": (Unit("month", Fraction(3)),),
        "year": (Unit("month", Fraction(12)),), "years": (Unit("month", Fraction(12)),),
        "yr": (Unit("month", Fraction(12)),), "yrs": (Unit("month", Fraction(12)),),
        "metre": (Unit("length"),), "metres": (Unit("length"),), "meter": (Unit("length"),),
        "meters": (Unit("length"),), "kilometre": (Unit("length", Fraction(1000)),),
        "kilometres": (Unit("length", Fraction(1000)),), "kilometer": (Unit("length", Fraction(1000)),),
        "kilometers": (Unit("length", Fraction(1000)),), "kms": (Unit("length", Fraction(1000)),),
        "centimetres": (Unit("length", Fraction(1, 100)),), "centimeters": (Unit("length", Fraction(1, 100)),),
        "millimetres": (Unit("length", Fraction(1, 1000)),), "millimeters": (Unit("length", Fraction(1, 1000)),),
        "inch": (Unit("length", _INCH),), "inches": (Unit("length", _INCH),),
        "foot": (Unit("length", 12 * _INCH),), "feet": (Unit("length", 12 * _INCH),),
        "ft": (Unit("length", 12 * _INCH),), "yard": (Unit("length", 36 * _INCH),),
        "yards": (Unit("length", 36 * _INCH),), "mile": (Unit("length", 63_360 * _INCH),),
        "miles": (Unit("length", 63_360 * _INCH),),
        "gram": (Unit("mass"),), "grams": (Unit("mass"),), "kilogram": (Unit("mass", Fraction(1000)),),
        "kilograms": (Unit("mass", Fraction(1000)),), "kilos": (Unit("mass", Fraction(1000)),),
        "tonne": (Unit("mass", Fraction(10**6)),), "tonnes": (Unit("mass", Fraction(10**6)),),
        "lb": (Unit("mass", _POUND),), "lbs": (Unit("mass", _POUND),), "pound": (Unit("mass", _POUND),),
        "pounds": (Unit("mass", _POUND),), "oz": (Unit("mass", _POUND / 16),), "ounce": (Unit("mass", _POUND / 16),),
        "ounces": (Unit("mass", _POUND / 16),),
        "litre": (Unit("volume"),), "litres": (Unit("volume"),), "liter": (Unit("volume"),),
        "liters": (Unit("volume"),), "millilitres": (Unit("volume", Fraction(1, 1000)),),
        "milliliters": (Unit("volume", Fraction(1, 1000)),),
        "gallon": (Unit("gallon"),), "gallons": (Unit("gallon"),), "quart": (Unit("gallon", Fraction(1, 4)),),
        "quarts": (Unit("gallon", Fraction(1, 4)),), "pint": (Unit("gallon", Fraction(1, 8)),),
        "pints": (Unit("gallon", Fraction(1, 8)),),
        "byte": (Unit("byte"),), "bytes": (Unit("byte"),), "bit": (Unit("byte", Fraction(1, 8)),),
        "bits": (Unit("byte", Fraction(1, 8)),),
        "kilobytes": (Unit("byte", Fraction(1000)), Unit("byte", Fraction(1024))),
        "megabytes": (Unit("byte", Fraction(1000**2)), Unit("byte", Fraction(1024**2))),
        "gigabytes": (Unit("byte", Fraction(1000**3)), Unit("byte", Fraction(1024**3))),
        "celsius": (Unit("kelvin", zero=Fraction("273.15")),),
        "fahrenheit": (Unit("kelvin", Fraction(5, 9), zero=Fraction("459.67")),), "kelvin": (Unit("kelvin"),),
        "mph": (Unit("length/time", 63_360 * _INCH / _HOUR),), "kph": (Unit("length/time", Fraction(1000, _HOUR)),),
        "volt": (Unit("voltage"),), "volts": (Unit("voltage"),), "watt": (Unit("power"),), "watts": (Unit("power"),),
        "kilowatts": (Unit("power", Fraction(1000)),), "megawatts": (Unit("power", Fraction(10**6)),),
        "joule": (Unit("energy"),), "joules": (Unit("energy"),), "newton": (Unit("force"),),
        "newtons": (Unit("force"),), "pascal": (Unit("pressure"),), "pascals": (Unit("pressure"),),
        "hertz": (Unit("frequency"),), "ampere": (Unit("electric current"),), "amperes": (Unit("electric current"),),
        "amps": (Unit("electric current"),), "mole": (Unit("substance"),), "moles": (Unit("substance"),),
        "hectare": (Unit("length^2", Fraction(10_000)),), "hectares": (Unit("length^2", Fraction(10_000)),),
    }
)  # fmt: skip
"""By case-folded word. Months and years are no multiple of days; gallons differ between countries."""

PHRASES: Mapping[tuple[str, str], tuple[Unit, ...]] = MappingProxyType(
    {
        ("per", "cent"): (Unit("percent"),),
        ("percentage", "points"): (Unit("point"),),
        ("percentage", "point"): (Unit("point"),),
        ("basis", "points"): (Unit("basis", Fraction(1, 100)),),
        ("basis", "point"): (Unit("basis", Fraction(1, 100)),),
        ("degrees", "celsius"): (Unit("kelvin", zero=Fraction("273.15")),),
        ("degrees", "fahrenheit"): (Unit("kelvin", Fraction(5, 9), zero=Fraction("459.67")),),
    }
)
"""Units of two words, case-folded. ``basis`` is a share of one that may be a percentage or a difference of two."""


def unit_of(word: str) -> tuple[Unit, ...]:
    """What *word* may be a unit of; empty when it is none."""
    return EXACT_UNITS.get(word) or WORD_UNITS.get(word.casefold(), ())
