/** The ConfigMap in each namespace of the mesh that has the trust bundle, and its key. */
export const TRUST_CONFIG_MAP = 'mtlscope-ca'
export const TRUST_KEY = 'mesh-ca.pem'
