// The JSON of codec, under the names that the APIs use.
#pragma once

#include "codec/json.h"

namespace fumi::api {

using codec::Angles;
using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;
using codec::kJsonDepthMax;
using codec::Layout;
using codec::parse_json;
using codec::write_json;

}  // namespace fumi::api
