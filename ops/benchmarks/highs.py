"""Saves as much food as can be saved, then lifts the lowest level, with HiGHS (python3-scipy): a judge of libs/fairflow.

highs.py PROBLEM.json whole|divisible SECONDS prints three cells of a Markdown table: undistributed, lowest level, time.
"""
import json
import sys
import time

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_matrix

problem = json.load(open(sys.argv[1], encoding="utf-8"))
whole, limit = sys.argv[2] == "whole", float(sys.argv[3])
groups, bins, lots, arcs = (problem[key] for key in ("groups", "bins", "lots", "arcs"))

# Variables: cases on each arc; for each arc of a lot with a smallest quantity, whether it is used; the lowest level in person-days.
asking = [a for a, (lot, _) in enumerate(arcs) if whole and lots[lot][2] > 1]
used = {a: len(arcs) + i for i, a in enumerate(asking)}
lowest = len(arcs) + len(asking)
rows, columns, entries, least, most = [], [], [], [], []


def constrain(terms, low, high):
    for column, entry in terms:
        rows.append(len(least))
        columns.append(column)
        entries.append(entry)
    least.append(low)
    most.append(high)


by_lot, by_bin, by_group = ([[] for _ in items] for items in (lots, bins, groups))
for a, (lot, b) in enumerate(arcs):
    by_lot[lot].append((a, 1))
    by_bin[b].append((a, lots[lot][1] / 1000))
    by_group[bins[b][0]].append((a, lots[lot][1] / 1000))
for lot, terms in enumerate(by_lot):
    constrain(terms, 0, lots[lot][0])
for b, terms in enumerate(by_bin):
    constrain(terms, 0, bins[b][1] / 1000)
for group, terms in enumerate(by_group):
    weight, history = groups[group]
    constrain(terms + [(lowest, -weight)], -history / 1000, np.inf)
for a in asking:
    cases, _, smallest = lots[arcs[a][0]]
    constrain([(a, 1), (used[a], -smallest)], 0, np.inf)
    constrain([(a, 1), (used[a], -cases)], -np.inf, 0)

highest = np.array([lots[lot][0] for lot, _ in arcs] + [1] * len(asking) + [np.inf])
integral = np.array(([1] * (len(arcs) + len(asking)) if whole else [0] * len(arcs)) + [0])
food = np.array([lots[lot][1] / 1000 for lot, _ in arcs] + [0] * len(asking) + [0])
all_food = sum(cases * value for cases, value, _ in lots) / 1000


def maximise(goal):
    matrix = coo_matrix((entries, (rows, columns)), shape=(len(least), lowest + 1)).tocsr()
    return milp(-goal, constraints=LinearConstraint(matrix, least, most), bounds=Bounds(0, highest), integrality=integral,
                options={"time_limit": limit, "mip_rel_gap": 0})


start = time.process_time()
saved = maximise(food)
if saved.x is None:
    print(f"| – | – | > {limit:.0f} s |")
    sys.exit()
# The food saved stays as it is, up to what floating point can tell.
constrain([(column, entry) for column, entry in enumerate(food) if entry], -saved.fun * (1 - 1e-9), np.inf)
best = np.zeros(lowest + 1)
best[lowest] = 1
fair = maximise(best)
proved = "" if saved.status == 0 and fair.status == 0 else ", not proved"
print(f"| {100 * (1 + saved.fun / all_food):.3f} % | {-fair.fun if fair.x is not None else float('nan'):.3f} | "
      f"{time.process_time() - start:.2f} s{proved} |")
