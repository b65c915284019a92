package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Names and lifetime of a self-signed certificate: browsers refuse longer ones.
const (
	selfCert     = "self-signed.crt"
	selfKey      = "self-signed.key"
	selfLifetime = 397 * 24 * time.Hour
	selfRenew    = 30 * 24 * time.Hour // before its end
)

// certificate loads the node's certificate; a self-signed one is made where
// there is none that holds, and kept, so that a browser has to be told once.
func (n *Node) certificate(t TLS) (tls.Certificate, error) {
	if !t.SelfSigned {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return cert, fmt.Errorf("tls: %w: give PEM files of a certificate and its key", err)
		}
		return cert, nil
	}
	certFile, keyFile := filepath.Join(n.cfg.Data, selfCert), filepath.Join(n.cfg.Data, selfKey)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && n.now().Add(selfRenew).Before(cert.Leaf.NotAfter) {
		return cert, nil
	}
	certPEM, keyPEM, err := selfSign(n.now())
	if err != nil {
		return cert, fmt.Errorf("tls: sign a certificate: %w", err)
	}
	if err := os.WriteFile(keyFile, keyPEM, 0o600); err != nil {
		return cert, fmt.Errorf("tls: keep the key: %w", err)
	}
	if err := os.WriteFile(certFile, certPEM, 0o600); err != nil {
		return cert, fmt.Errorf("tls: keep the certificate: %w", err)
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

// selfSign makes a certificate for this machine's names and addresses.
func selfSign(now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Vitrine"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(selfLifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addrs {
			if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() {
				template.IPAddresses = append(template.IPAddresses, ip.IP)
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	return certPEM, keyPEM, nil
}

// scheme returns how the node is reached.
func (i Info) scheme() string {
	if i.Secure {
		return "https"
	}
	return "http"
}

// client returns a client that trusts the node it runs beside, whatever its
// certificate.
func (i Info) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // this very process, on loopback
	}}
}
