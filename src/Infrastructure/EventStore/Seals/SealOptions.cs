namespace Events.EventStore.Seals;

/// <summary>Where the log's seals come from.</summary>
/// <param name="Folder">
/// For the key and for what was last signed. Outside the database, for our own account only; it is made when it is missing.
/// Whoever has it can sign, and whoever loses it cannot go on.
/// </param>
/// <param name="HostName">Begins the name under which the log is signed; a host name, without blanks or a plus sign.</param>
public sealed record SealOptions(string Folder, string HostName);
