namespace Events.Media;

internal static class Placeholder;
