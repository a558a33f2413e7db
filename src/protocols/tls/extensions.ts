import { CodePoints } from './code-points.ts'

/** IANA registry "TLS ExtensionType Values", and a few that browsers send without being in it. */
export const EXTENSIONS = new CodePoints(`
0000 server_name max_fragment_length client_certificate_url trusted_ca_keys truncated_hmac status_request user_mapping client_authz
0008 server_authz cert_type supported_groups ec_point_formats srp signature_algorithms use_srtp heartbeat
0010 application_layer_protocol_negotiation status_request_v2 signed_certificate_timestamp client_certificate_type
0014 server_certificate_type padding encrypt_then_mac extended_master_secret token_binding cached_info tls_lts
001b compress_certificate record_size_limit pwd_protect pwd_clear password_salt ticket_pinning tls_cert_with_extern_psk
0022 delegated_credential session_ticket TLMSP TLMSP_proxying TLMSP_delegate supported_ekt_ciphers
0029 pre_shared_key early_data supported_versions cookie psk_key_exchange_modes
002f certificate_authorities oid_filters post_handshake_auth signature_algorithms_cert key_share transparency_info
0035 connection_id_deprecated connection_id external_id_hash external_session_id quic_transport_parameters ticket_request
003b dnssec_chain sequence_number_encryption_algorithms rrc tls_flags
3374 next_protocol_negotiation
4469 application_settings_old
44cd application_settings
754f channel_id_old channel_id
fd00 ech_outer_extensions
fe0d encrypted_client_hello
ff01 renegotiation_info
ffce encrypted_server_name
`)

export const SERVER_NAME = 0
export const MAX_FRAGMENT_LENGTH = 1
export const STATUS_REQUEST = 5
export const SUPPORTED_GROUPS = 10
export const EC_POINT_FORMATS = 11
export const SIGNATURE_ALGORITHMS = 13
export const HEARTBEAT = 15
export const ALPN = 16
export const SIGNED_CERTIFICATE_TIMESTAMP = 18
export const ENCRYPT_THEN_MAC = 22
export const EXTENDED_MASTER_SECRET = 23
export const COMPRESS_CERTIFICATE = 27
export const RECORD_SIZE_LIMIT = 28
export const SESSION_TICKET = 35
export const PRE_SHARED_KEY = 41
export const EARLY_DATA = 42
export const SUPPORTED_VERSIONS = 43
export const COOKIE = 44
export const PSK_KEY_EXCHANGE_MODES = 45
export const CERTIFICATE_AUTHORITIES = 47
export const POST_HANDSHAKE_AUTH = 49
export const SIGNATURE_ALGORITHMS_CERT = 50
export const KEY_SHARE = 51
export const ENCRYPTED_CLIENT_HELLO = 0xfe0d
export const RENEGOTIATION_INFO = 0xff01
