namespace Events.Processes;

internal static class Placeholder;
