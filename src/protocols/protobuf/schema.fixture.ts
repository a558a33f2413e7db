import protobuf from 'protobufjs'
import protojson from 'protobufjs/ext/protojson.js'
import { descriptorSetOf } from '../../capture/descriptor-set.ts'
import { parseProtos } from '../../capture/proto-parsing.ts'
import { Schemas } from './schemas.ts'

const PROTO = `
syntax = "proto3";
package test;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/any.proto";

enum Colour { UNKNOWN = 0; RED = 1; DARK_RED = -2; }

message All {
  double a_double = 1; float a_float = 2; int64 an_int64 = 3; uint64 a_uint64 = 4; int32 an_int32 = 5; fixed64 a_fixed64 = 6;
  fixed32 a_fixed32 = 7; bool a_bool = 8; string a_string = 9; Inner inner = 11; bytes some_bytes = 12; uint32 a_uint32 = 13;
  Colour colour = 14; sfixed32 a_sfixed32 = 15; sfixed64 a_sfixed64 = 16; sint32 a_sint32 = 17; sint64 a_sint64 = 18;
  repeated int32 packed = 20; repeated int32 unpacked = 21 [packed = false]; repeated string names = 22; repeated Inner inners = 23;
  map<string, Inner> by_name = 30; map<int64, string> by_number = 31; map<bool, Colour> by_truth = 32;
  oneof choice { string text = 40; int32 number = 41; Inner one = 42; }
  optional int32 maybe = 50;
  repeated Colour colours = 51;
  repeated double doubles = 52;
  string renamed = 2000 [json_name = "otherName"];
  message Inner { int32 id = 1; All again = 2; }
}

message Known {
  google.protobuf.Timestamp timestamp = 1; google.protobuf.Duration duration = 2; google.protobuf.Struct struct = 3; google.protobuf.Value value = 4;
  google.protobuf.ListValue list = 5; google.protobuf.FieldMask mask = 6; google.protobuf.Any any = 7; google.protobuf.Int64Value wrapped = 8;
  google.protobuf.StringValue text = 9; google.protobuf.BoolValue truth = 10; repeated google.protobuf.Timestamp times = 11;
}

service Echo { rpc Say(All) returns (Known); }
`

const { install } = protojson as unknown as { install(of: typeof protobuf): void }
install(protobuf)

/** The same types for protobufjs, an implementation that is not ours, and for us. */
export const root = protobuf.parse(PROTO, new protobuf.Root()).root
for (const name of ['any', 'duration', 'field_mask', 'struct', 'timestamp', 'wrappers']) root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)!.nested!)
root.resolveAll()

export const descriptorSet = descriptorSetOf(parseProtos([{ name: 'test.proto', text: PROTO }]))
export const schemas = new Schemas({ descriptorSets: [descriptorSet] })

/** Bytes of a message, written by protobufjs. */
export function encoded(type: string, value: object): Uint8Array {
  const found = root.lookupType(type)
  return found.encode(found.fromObject(value)).finish()
}

/** What protobufjs makes of bytes in the JSON mapping. */
export function theirJson(type: string, bytes: Uint8Array): unknown {
  const found = root.lookupType(type) as protobuf.Type & { toJson(message: object): unknown }
  return found.toJson(found.decode(bytes))
}
