// From fairflow's plan to a plan that fits: what overfills storage is taken out, what is left goes to whoever has room
// for it, and cases move while that makes levels more even. Works on the books, case by case.
#pragma once

#include "services/allocation/domain/books.h"

namespace kubari::allocation {

// What is worth least for its room goes first, then what keeps longest; behind a hub's door from the highest level.
void TakeOutWhatDoesNotFit(Books& books);

// What is left: to whoever has room for it, what ends first before the rest, the lowest level first. Groups behind a
// hub's door may meet a smallest quantity together.
void Fill(Books& books);

// Whole cases once more: fairflow lifts the lowest group as far as it can. Here a case moves whenever that makes the
// two levels concerned more even, or leaves them as even and the way shorter. For one lot nothing is fairer then: of
// integral points of a base polyhedron one is best if no exchange of one unit is better (Murota 2003, M-convexity).
// Every move makes the sorted levels larger, or keeps them and shortens the way, so this ends.
void Polish(Books& books);

}  // namespace kubari::allocation
