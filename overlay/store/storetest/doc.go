// Package storetest holds the promises that every store keeps. A new store
// earns its tests by calling [Run] with a function that opens it.
package storetest
