//! Server addresses and meeting links.

use std::fmt;

/// Scheme, host and port, as a browser writes them: `https://meet.example.org`,
/// `http://localhost:8080`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub tls: bool,
    pub host: String,
    pub port: u16,
}

/// An address that leads to no meeting; whoever typed it erred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    #[error("an address begins with http:// or https://")]
    Scheme,
    #[error("the address names no valid host and port")]
    Host,
    #[error("a meeting link has the form https://HOST/m/ID#SECRET")]
    NotAMeeting,
}

/// A meeting link. Its fragment is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub origin: Origin,
    /// The meeting's id as it stands in the address.
    pub meeting: String,
    /// Without `#`; `None` if the address has none.
    pub fragment: Option<String>,
}

impl Origin {
    /// Reads `scheme://host[:port]`, ignoring a path of `/`.
    pub fn parse(text: &str) -> Result<Origin, InvalidLink> {
        let (origin, rest) = Origin::split(text)?;
        if rest.is_empty() || rest == "/" { Ok(origin) } else { Err(InvalidLink::Host) }
    }

    /// Reads an origin from the start of an address; also what follows it.
    fn split(text: &str) -> Result<(Origin, &str), InvalidLink> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidLink::Scheme)?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(InvalidLink::Scheme),
        };
        let end = rest.find(['/', '#', '?']).unwrap_or(rest.len());
        let (host, port) = split_port(&rest[..end], if tls { 443 } else { 80 })?;
        Ok((Origin { tls, host: host.to_ascii_lowercase(), port }, &rest[end..]))
    }

    /// The host as TLS and the resolver know it: an IPv6 address without its brackets.
    pub fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// `host` or `host:port`, as in a `Host` header.
    pub fn authority(&self) -> String {
        let standard = if self.tls { 443 } else { 80 };
        if self.port == standard {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

fn split_port(authority: &str, standard: u16) -> Result<(&str, u16), InvalidLink> {
    let after_brackets = authority.rfind(']').unwrap_or(0);
    let colon = authority[after_brackets..].rfind(':').map(|at| at + after_brackets);
    let (host, port) = match colon {
        Some(at) => (&authority[..at], authority[at + 1..].parse().map_err(|_| InvalidLink::Host)?),
        None => (authority, standard),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let valid = !host.is_empty() && host.chars().all(allowed);
    if valid { Ok((host, port)) } else { Err(InvalidLink::Host) }
}

impl Link {
    /// Reads an invite link.
    pub fn parse(text: &str) -> Result<Link, InvalidLink> {
        let (origin, rest) = Origin::split(text.trim())?;
        let path = rest.strip_prefix("/m/").ok_or(InvalidLink::NotAMeeting)?;
        let (meeting, fragment) = match path.split_once('#') {
            Some((meeting, fragment)) => (meeting, Some(fragment.to_owned())),
            None => (path, None),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if meeting.is_empty() || !meeting.chars().all(allowed) {
            return Err(InvalidLink::NotAMeeting);
        }
        Ok(Link { origin, meeting: meeting.to_owned(), fragment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let shown = |text| Origin::parse(text).unwrap().to_string();
        assert_eq!(shown("https://Meet.Example.org:443/"), "https://meet.example.org");
        assert_eq!(shown("http://localhost:8080"), "http://localhost:8080");
        assert_eq!(shown("http://[::1]:8080"), "http://[::1]:8080");
        assert_eq!(shown("https://[::1]"), "https://[::1]");
        assert_eq!(Origin::parse("http://[::1]:8080").unwrap().bare_host(), "::1");
    }

    #[test]
    fn a_link_is_taken_apart() {
        let link = Link::parse("http://localhost:8080/m/ab_C-1#1.x.y\n").unwrap();
        assert_eq!(link.origin.to_string(), "http://localhost:8080");
        assert_eq!((&*link.meeting, link.fragment.as_deref()), ("ab_C-1", Some("1.x.y")));
        assert_eq!(Link::parse("https://h/m/x").unwrap().fragment, None);
    }

    #[test]
    fn other_addresses_are_refused() {
        let refused = |text| Link::parse(text).map(|_| ()).unwrap_err();
        assert_eq!(refused("localhost/m/x"), InvalidLink::Scheme);
        assert_eq!(refused("ftp://h/m/x"), InvalidLink::Scheme);
        assert_eq!(refused("https:///m/x"), InvalidLink::Host);
        assert_eq!(refused("https://user@h/m/x"), InvalidLink::Host);
        assert_eq!(refused("https://h:port/m/x"), InvalidLink::Host);
        assert_eq!(refused("https://h/rooms"), InvalidLink::NotAMeeting);
        assert_eq!(refused("https://h/m/#1.x"), InvalidLink::NotAMeeting);
        assert_eq!(refused("https://h/m/../x"), InvalidLink::NotAMeeting);
        assert_eq!(Origin::parse("https://h/m/x"), Err(InvalidLink::Host));
    }
}
