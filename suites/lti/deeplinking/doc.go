// Package deeplinking judges deep linking (LTI Deep Linking 2.0): of tools, whether their picker
// opens and answers by a message that a platform can trust and use; of platforms, whether they
// ask as they should, take what was picked and nothing else. It is a part of the suite for
// tools, and of that for platforms.
package deeplinking
