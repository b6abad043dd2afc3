// For test programs: what most of them include.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "pch_net.h"
