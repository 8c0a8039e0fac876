package config

// SecretVariables names the variables of the environment from which passwords
// and passphrases are read.
func (c *Config) SecretVariables() []string {
	names := []string{defaultPasswordEnv}
	secrets := []Secret{c.Certificate.Passphrase, c.Platforms.Linux.Password, c.Platforms.Windows.Password}
	for _, o := range c.Overrides {
		secrets = append(secrets, o.Password)
	}
	for _, s := range secrets {
		if s.Env != "" {
			names = append(names, s.Env)
		}
	}
	return names
}
