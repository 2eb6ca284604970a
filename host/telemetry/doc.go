// Package telemetry counts what the host does and writes its log. Neither
// carries a secret, the text of a message or a whole phone number.
package telemetry
