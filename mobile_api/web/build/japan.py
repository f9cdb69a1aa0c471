#!/usr/bin/env python3
"""Makes src/charts/japan.json, the outlines of the prefectures, from Natural Earth's (public domain; 1:10m, admin 1).

    python3 build/japan.py world_map.gpkg > src/charts/japan.json

world_map.gpkg: Natural Earth, generalised by the QGIS project; in Debian's package qgis-common, below /usr/share/qgis/resources/data
(also after `apt-get download qgis-common && dpkg-deb -x qgis-common_*.deb .`).
"""

import json
import sqlite3
import struct
import sys

# The source knows prefectures by their place in the alphabet (FIPS 10-4); the contract by JIS X 0401.
JIS = dict(zip(
    (f"JA{n:02}" for n in range(1, 48)),
    "23 05 02 12 38 18 40 07 21 10 34 01 28 08 17 03 37 46 14 39 43 26 24 04 45 20 42 29 15 44 33 27 41 11 25 32 22 09 36 13 "
    "31 16 30 06 35 19 47".split()))


def rings_of(blob):
    """The outer rings of a GeoPackage geometry, as lists of (longitude, latitude)."""
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}[blob[3] >> 1 & 7]

    def read(at):
        order = "<" if blob[at] else ">"
        kind, count = struct.unpack_from(order + "II", blob, at + 1)
        at += 9
        found = []
        if kind == 6:  # MultiPolygon
            for _ in range(count):
                polygon, at = read(at)
                found += polygon
            return found, at
        assert kind == 3, kind
        for index in range(count):
            points, = struct.unpack_from(order + "I", blob, at)
            numbers = struct.unpack_from(f"{order}{2 * points}d", blob, at + 4)
            at += 4 + 16 * points
            if index == 0:
                found.append(list(zip(numbers[::2], numbers[1::2])))
        return found, at

    return read(8 + envelope)[0]


def prefecture_of(fips, west, south, east):
    """The source counts Amami to Okinawa; it belongs to Kagoshima."""
    if JIS.get(fips) == "47" and west > 128.3 and south > 27 and east < 131:
        return "46"
    return JIS.get(fips)


def main():
    outlines = {code: [] for code in sorted(JIS.values())}
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    for country, fips, blob in database.execute("SELECT iso_a2, fips, geom FROM states_provinces WHERE iso_a2 IN ('JP', 'RU')"):
        for ring in rings_of(blob):
            west, east = min(x for x, _ in ring), max(x for x, _ in ring)
            south, north = min(y for _, y in ring), max(y for _, y in ring)
            # The Northern Territories stand as on the maps of the Geospatial Information Authority of Japan.
            northern = country == "RU" and 145.3 < west and east < 149 and 43.3 < south and north < 45.6
            code = "01" if northern else prefecture_of(fips, west, south, east) if country == "JP" else None
            # Far off, and nobody or hardly anybody lives there: Tokara; of Tokyo's islands those between Hachijo and Ogasawara, and beyond.
            ogasawara = west > 141.4 and east < 143 and south > 26.5
            far = code == "13" and south < 32.5 and not ogasawara or code == "46" and 29 < south < 30
            if code and not far:
                outlines[code].append([[[round(x, 2), round(y, 2)] for x, y in ring]])
    features = [
        {"type": "Feature", "properties": {"name": code}, "geometry": {"type": "MultiPolygon", "coordinates": polygons}}
        for code, polygons in outlines.items()
    ]
    assert all(feature["geometry"]["coordinates"] for feature in features)
    json.dump({"type": "FeatureCollection", "features": features}, sys.stdout, separators=(",", ":"))
    print()


main()
