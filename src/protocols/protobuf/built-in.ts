import type { TypeTable } from './notation.ts'
import { typesOf } from './notation.ts'
import type { MethodType } from './types.ts'

/** The well-known types, errors in detail (google.rpc), health and reflection: what peers take as given. */
const NOTATION = `
google.protobuf.Timestamp: seconds=1 int64, nanos=2 int32
google.protobuf.Duration: seconds=1 int64, nanos=2 int32
google.protobuf.Any: type_url=1 string, value=2 bytes
google.protobuf.Empty:
google.protobuf.FieldMask: paths=1 string*
google.protobuf.Struct: fields=1 map<string, google.protobuf.Value>
google.protobuf.Value: null_value=1 enum google.protobuf.NullValue |kind, number_value=2 double |kind, string_value=3 string |kind, bool_value=4 bool |kind, struct_value=5 google.protobuf.Struct |kind, list_value=6 google.protobuf.ListValue |kind
google.protobuf.ListValue: values=1 google.protobuf.Value*
google.protobuf.DoubleValue: value=1 double
google.protobuf.FloatValue: value=1 float
google.protobuf.Int64Value: value=1 int64
google.protobuf.UInt64Value: value=1 uint64
google.protobuf.Int32Value: value=1 int32
google.protobuf.UInt32Value: value=1 uint32
google.protobuf.BoolValue: value=1 bool
google.protobuf.StringValue: value=1 string
google.protobuf.BytesValue: value=1 bytes
enum google.protobuf.NullValue: NULL_VALUE=0
google.rpc.Status: code=1 int32, message=2 string, details=3 google.protobuf.Any*
google.rpc.ErrorInfo: reason=1 string, domain=2 string, metadata=3 map<string, string>
google.rpc.RetryInfo: retry_delay=1 google.protobuf.Duration
google.rpc.DebugInfo: stack_entries=1 string*, detail=2 string
google.rpc.QuotaFailure: violations=1 google.rpc.QuotaFailure.Violation*
google.rpc.QuotaFailure.Violation: subject=1 string, description=2 string
google.rpc.PreconditionFailure: violations=1 google.rpc.PreconditionFailure.Violation*
google.rpc.PreconditionFailure.Violation: type=1 string, subject=2 string, description=3 string
google.rpc.BadRequest: field_violations=1 google.rpc.BadRequest.FieldViolation*
google.rpc.BadRequest.FieldViolation: field=1 string, description=2 string, reason=3 string, localized_message=4 google.rpc.LocalizedMessage
google.rpc.RequestInfo: request_id=1 string, serving_data=2 string
google.rpc.ResourceInfo: resource_type=1 string, resource_name=2 string, owner=3 string, description=4 string
google.rpc.Help: links=1 google.rpc.Help.Link*
google.rpc.Help.Link: description=1 string, url=2 string
google.rpc.LocalizedMessage: locale=1 string, message=2 string
grpc.health.v1.HealthCheckRequest: service=1 string
grpc.health.v1.HealthCheckResponse: status=1 enum grpc.health.v1.HealthCheckResponse.ServingStatus
enum grpc.health.v1.HealthCheckResponse.ServingStatus: UNKNOWN=0, SERVING=1, NOT_SERVING=2, SERVICE_UNKNOWN=3
${reflection('v1')}${reflection('v1alpha')}google.protobuf.FileDescriptorSet: file=1 google.protobuf.FileDescriptorProto*
partial google.protobuf.FileDescriptorProto: name=1 string, package=2 string, message_type=4 google.protobuf.DescriptorProto*, enum_type=5 google.protobuf.EnumDescriptorProto*, service=6 google.protobuf.ServiceDescriptorProto*, extension=7 google.protobuf.FieldDescriptorProto*
partial google.protobuf.DescriptorProto: name=1 string, field=2 google.protobuf.FieldDescriptorProto*, nested_type=3 google.protobuf.DescriptorProto*, enum_type=4 google.protobuf.EnumDescriptorProto*, extension=6 google.protobuf.FieldDescriptorProto*, options=7 google.protobuf.MessageOptions
partial google.protobuf.MessageOptions: map_entry=7 bool
partial google.protobuf.FieldDescriptorProto: name=1 string, extendee=2 string, number=3 int32, label=4 int32, type=5 int32, type_name=6 string, oneof_index=9 int32, json_name=10 string, proto3_optional=17 bool
partial google.protobuf.EnumDescriptorProto: name=1 string, value=2 google.protobuf.EnumValueDescriptorProto*
partial google.protobuf.EnumValueDescriptorProto: name=1 string, number=2 int32
partial google.protobuf.ServiceDescriptorProto: name=1 string, method=2 google.protobuf.MethodDescriptorProto*
partial google.protobuf.MethodDescriptorProto: name=1 string, input_type=2 string, output_type=3 string
partial mtlscope.FileSummary: name=1 string, package=2 string, dependency=3 string*, message_type=4 mtlscope.Named*, enum_type=5 mtlscope.Named*, service=6 google.protobuf.ServiceDescriptorProto*
partial mtlscope.Named: name=1 string
`

/** Files of a reflection answer are bytes on the wire; they are shown as what is in them. */
function reflection(version: string): string {
  const at = `grpc.reflection.${version}`
  return `${at}.ServerReflectionRequest: host=1 string, file_by_filename=3 string |message_request, file_containing_symbol=4 string |message_request, file_containing_extension=5 ${at}.ExtensionRequest |message_request, all_extension_numbers_of_type=6 string |message_request, list_services=7 string |message_request
${at}.ExtensionRequest: containing_type=1 string, extension_number=2 int32
${at}.ServerReflectionResponse: valid_host=1 string, original_request=2 ${at}.ServerReflectionRequest, file_descriptor_response=4 ${at}.FileDescriptorResponse |message_response, all_extension_numbers_response=5 ${at}.ExtensionNumberResponse |message_response, list_services_response=6 ${at}.ListServiceResponse |message_response, error_response=7 ${at}.ErrorResponse |message_response
${at}.FileDescriptorResponse: file_descriptor_proto=1 mtlscope.FileSummary*
${at}.ExtensionNumberResponse: base_type_name=1 string, extension_number=2 int32*
${at}.ListServiceResponse: service=1 ${at}.ServiceResponse*
${at}.ServiceResponse: name=1 string
${at}.ErrorResponse: error_code=1 int32, error_message=2 string
`
}

let table: TypeTable | undefined

/** Made when it is first asked for. */
export function builtInTypes(): TypeTable {
  return table ??= typesOf(NOTATION)
}

export const BUILT_IN_METHODS: ReadonlyMap<string, MethodType> = new Map<string, MethodType>([
  ...['Check', 'Watch'].map((name) => [`grpc.health.v1.Health/${name}`, { input: 'grpc.health.v1.HealthCheckRequest', output: 'grpc.health.v1.HealthCheckResponse' }] as const),
  ...['v1', 'v1alpha'].map((v) => [`grpc.reflection.${v}.ServerReflection/ServerReflectionInfo`,
    { input: `grpc.reflection.${v}.ServerReflectionRequest`, output: `grpc.reflection.${v}.ServerReflectionResponse` }] as const),
])
