import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { need } from '../require.ts'
import { CART, FOREIGN, makeCa } from './ca-files.ts'

const hasGo = spawnSync('go', ['version']).status === 0

/** Prints a line for each chain: what crypto/x509 says, for a server and for a client. */
const VERIFIER = `package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func chain(path string) []*x509.Certificate {
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var found []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			fmt.Println("parse:", err)
			return nil
		}
		found = append(found, certificate)
	}
	return found
}

func main() {
	roots, below := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range chain(os.Args[1]) {
		roots.AddCert(root)
	}
	for _, path := range os.Args[2:] {
		certificates := chain(path)
		for _, certificate := range certificates[1:] {
			below.AddCert(certificate)
		}
		leaf := certificates[0]
		for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
			options := x509.VerifyOptions{Roots: roots, Intermediates: below, KeyUsages: []x509.ExtKeyUsage{usage}}
			if usage == x509.ExtKeyUsageServerAuth {
				options.DNSName = "cart.shop.test"
			}
			_, err := leaf.Verify(options)
			fmt.Println(leaf.URIs[0], len(leaf.UnhandledCriticalExtensions), err)
		}
	}
}
`

test('crypto/x509 of Go takes a leaf for server and client, and refuses what is outside the constraints', async (t) => {
  if (!need(t, 'peers', hasGo, 'go')) return
  const ca = await makeCa(t)
  const good = await ca.issue('cart', CART)
  const forged = await Promise.all(FOREIGN.map((names, i) => ca.forge(`forged${i}`, names)))
  const program = join(ca.place, 'verify.go')
  writeFileSync(program, VERIFIER)
  const { status, stdout, stderr } = spawnSync('go', ['run', program, ca.bundle, good.chain, ...forged.map(({ chain }) => chain)], {
    encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', GO111MODULE: 'off' },
  })
  assert.equal(status, 0, stderr)
  const lines = stdout.trim().split('\n')
  assert.deepEqual(lines.slice(0, 2), [`${CART.spiffeId} 0 <nil>`, `${CART.spiffeId} 0 <nil>`])
  assert.equal(lines.length, 2 + 2 * FOREIGN.length)
  for (const line of lines.slice(2)) assert.doesNotMatch(line, /<nil>$/)
  // As a client no host name is asked for: what refuses it are the constraints.
  for (const line of [lines[3]!, lines[5]!]) assert.match(line, /not permitted|is not authorized|CANotAuthorized/i)
})
